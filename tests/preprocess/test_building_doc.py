"""docs/building.md says what there is: kinds and their keys, splits, reasons and errors."""

import dataclasses
import io
import re
import tarfile
from pathlib import Path

import pytest

from corpusmill.errors import CorpusmillError
from preprocess import parse
from preprocess.build import build
from preprocess.decide import legacy
from preprocess.parse import ParseOptions, TextOptions
from preprocess.partition.files import RECORD
from preprocess.partition.mill import LARGEST, largest_of
from tests.preprocess.snapshots import corpus, take

TEXT = (Path(__file__).parents[2] / "docs" / "building.md").read_text(encoding="utf-8")
OF_ALL = {field.name for field in dataclasses.fields(ParseOptions)}


def table(first: str) -> list[list[str]]:
    """The cells of the table whose first column is called `first`, without its head."""
    block = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert block, first
    return [line.strip("| ").split(" | ") for line in block[1].splitlines()]


KINDS = {row[0].strip("`"): row[1:] for row in table("`kind`")}


def test_every_kind_is_in_the_table():
    assert list(KINDS) == parse.kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_told_with_its_keys_and_its_limit(kind):
    parser = parse.load(kind)
    _, keys, most = KINDS[kind]
    common = OF_ALL | ({"encoding"} if issubclass(parser.Options, TextOptions) else set())
    told = [key for group in keys.split(";") for key in re.findall(r"`(\w+)`", group.partition(":")[0])]
    assert told == [f.name for f in dataclasses.fields(parser.Options) if f.name not in common]
    assert most == ("any size" if hasattr(parser, "cut") else f"{largest_of(parser) >> 20} MiB")


def test_what_cannot_be_cut_has_the_limits_that_are_told():
    limits = {largest_of(parse.load(kind)) >> 20 for kind in KINDS if hasattr(parse.load(kind), "cut")}
    assert f"may have {min(limits)} to {max(limits)} MiB" in TEXT
    assert max(limits) == LARGEST >> 20


def test_the_kinds_without_a_declared_encoding_are_named():
    said = re.search(r"`encoding` is a key\s+of all kinds but (.*?); of a page", TEXT, re.DOTALL)[1]
    named = re.findall(r"\w+", re.sub(r"\(.*?\)", "", said, flags=re.DOTALL).replace(" and ", " "))
    assert named == [kind for kind in KINDS if not issubclass(parse.load(kind).Options, TextOptions)]


def test_every_legacy_split_is_in_the_table():
    told = {row[0].strip("`") for row in table("`scheme`")}
    assert {scheme for scheme in told if scheme.count(":") == 1} == set(legacy.LEGACY)
    assert all(legacy.cutter(scheme) for scheme in told)


def test_the_size_of_a_record_is_told():
    assert f" is {RECORD.itemsize} bytes, 8 for each signal," in TEXT


def archive(names):
    """A tar archive of files by these names."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return body.getvalue()


LINES = "\n\n".join(f"Mill number {n} grinds." for n in range(60)).encode()
FAILURES = {
    "too large": ({"parse": {"kind": "html"}}, {"file:mill.html": b"<p>" + b"a" * (17 << 20)}),
    "undecodable": ({}, {"file:mill.txt": b"A wheel\x81"}),
    "binary": ({}, {"file:mill.txt": b"\x89PNG\0\0"}),
    "is not for": ({"parse": {"kind": "verses"}}, {"file:mill.txt": LINES}),
    "members matches": ({"parse": {"kind": "text", "members": ["*.c"]}}, {"file:a.tar": archive("abc")}),
    "were left out": ({"clean": {"steps": ["min_characters:9999"]}}, {"file:mill.txt": LINES}),
    "one document": ({}, {"file:mill.txt": b"A mill."}),
    "is not whole": ({"expect": {"documents": 1189}}, {"file:mill.txt": LINES}),
    "cuts a single file": ({"split": {"scheme": "legacy:nanogpt"}}, {"file:a.txt": LINES, "file:b.txt": LINES}),
}


@pytest.mark.parametrize("part", FAILURES)
def test_a_failure_is_told_as_it_is_told_there(store, part):
    (told,) = (said for said, *_ in table("it says") if part in said)
    sections, bodies = FAILURES[part]
    with pytest.raises(CorpusmillError) as caught:
        build(corpus(**sections), take(store, "mill", bodies), store)
    pattern = ".*".join(map(re.escape, re.split(r"…|\d[\d,]*", told.strip("`"))))
    assert re.search(pattern, caught.value.message)
