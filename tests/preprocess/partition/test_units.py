from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import BuildError, CorruptError
from corpusmill.store import Store, blobs
from preprocess.partition import units
from preprocess.partition.units import Damaged
from preprocess.recipe import check
from tests.corpusmill.archives import PACKERS, tar, zipped
from tests.preprocess.snapshots import corpus, take

TEXT = check(corpus())
CODE = check(corpus(parse={"kind": "code"}))
LINES = check(corpus(parse={"kind": "lines", "unit": "line"}))
LIST = b"".join(b"line %d\n" % n for n in range(1000))
MEMBERS = {f"{n}.txt": b"Passage %d. " % n * 20 for n in range(30)}
_ROOTS = count()


def given_units(recipe, bodies, root, gone=()):
    store = Store(root)
    snapshot = take(store, "mill", bodies, gone)
    return list(units.units(recipe, snapshot, store.root, lambda _url, _more: None))


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    for name in ("SMALL", "TARGET", "MOST", "PIECE"):
        monkeypatch.setattr(units, name, getattr(units, name))


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 40), max_size=30),
    st.sampled_from([0, 100, 1 << 20]),
    st.sampled_from([1, 300, 1 << 20]),
    st.sampled_from([1, 500, 1 << 20]),
)
def test_every_file_is_in_one_unit_in_the_order_of_their_addresses(tmp_path_factory, sizes, small, target, most):
    units.SMALL, units.TARGET, units.MOST = small, target, most
    bodies = {f"file:{n:02d}": b"text %02d " % n * size for n, size in enumerate(sizes)}
    found = given_units(CODE, bodies, tmp_path_factory.getbasetemp() / f"u{next(_ROOTS)}", ("file:99",))
    assert [part.file.url for unit in found for part in unit.parts] == [*sorted(bodies), "file:99"]
    assert all(unit.parts for unit in found)
    assert all(sum(part.file.bytes for part in unit.parts[:-1]) < most for unit in found)


def test_a_file_more_or_less_changes_the_unit_that_it_is_in_and_no_other(tmp_path):
    units.TARGET = 600
    bodies = {f"file:{n:03d}": b"Number %d turns. " % n * 5 for n in range(200)}
    before = {unit.parts for unit in given_units(TEXT, bodies, tmp_path)}
    assert len(before) > 20
    for changed in (bodies | {"file:100x": b"new"}, bodies | {"file:100": b"new"}):
        assert len(before - {unit.parts for unit in given_units(TEXT, changed, tmp_path)}) <= 1
    del bodies["file:100"]
    assert len(before - {unit.parts for unit in given_units(TEXT, bodies, tmp_path)}) <= 2


def test_members_of_a_large_archive_are_handed_on_with_their_bytes(tmp_path):
    units.SMALL, units.TARGET, units.MOST = 0, 1000, 2000
    found = given_units(CODE, {"file:a.tar": tar(MEMBERS), "file:b.zip": zipped(MEMBERS)}, tmp_path)
    assert {unit.origin for unit in found} == {"file:a.tar", "file:b.zip"}
    parts = [part for unit in found for part in unit.parts]
    assert [part.body for part in parts] == [*MEMBERS.values()] * 2
    assert all(part.file.url.partition("!/")[2] in MEMBERS for part in parts)
    assert {part.file.sha256 for part in parts} == {""}  # the workers have more time for it


def test_of_a_damaged_archive_units_are_given_and_then_taken_back(tmp_path):
    units.SMALL, units.TARGET = 0, 1
    body = PACKERS["gzip"](tar(MEMBERS))[:-9]
    *taken, damaged = given_units(CODE, {"file:a.tar.gz": body}, tmp_path)
    assert isinstance(damaged, Damaged)
    assert (damaged.file.url, damaged.error.message.partition(":")[0]) == ("file:a.tar.gz", "truncated archive")
    assert all(unit.origin == "file:a.tar.gz" for unit in taken)


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize("broken", [pack(LIST)[:-30] for pack in (*PACKERS.values(), lambda body: zipped({"a": body}))])
@pytest.mark.parametrize("recipe", [LINES, CODE], ids=["cut", "whole"])
def test_what_is_packed_and_cannot_be_unpacked_is_damaged_for_every_kind(tmp_path, small, broken, recipe):
    units.SMALL = small
    found = given_units(recipe, {"file:a": broken}, tmp_path)
    if small and recipe is CODE:
        assert [part.body for part in found[0].parts] == [None]  # which the worker will see
    else:
        assert isinstance(found[-1], Damaged)


def test_a_pattern_that_matches_nothing_is_told_whether_the_kind_can_be_cut_or_not(tmp_path):
    for kind in ("lines", "code"):
        recipe = check(corpus(parse={"kind": kind, "members": ["*.csv"]}))
        units.SMALL = 0
        for body in (PACKERS["gzip"](LIST), tar(MEMBERS)):
            with pytest.raises(BuildError, match=r"none of its \d+ members matches \*.csv"):
                given_units(recipe, {"file:list.txt.gz": body}, tmp_path)


@pytest.mark.parametrize("pack", [lambda body: body, *PACKERS.values()])
def test_a_long_list_is_cut_between_lines_packed_or_not(tmp_path, pack):
    units.SMALL, units.PIECE = 0, 1000
    found = given_units(LINES, {"file:list.txt": pack(LIST)}, tmp_path)
    parts = [part for unit in found for part in unit.parts]
    assert b"".join(part.body for part in parts) == LIST
    assert len(parts) > 5
    before = 0
    for part in parts:
        assert part.before == before
        assert len(part.body) <= 1000
        before += part.body.count(b"\n")
    assert len({part.file for part in parts}) == 1


def test_a_member_that_is_cut_keeps_the_digest_of_the_whole(tmp_path):
    units.SMALL, units.PIECE = 0, 1000
    found = given_units(LINES, {"file:a.zip": zipped({"x.txt": LIST})}, tmp_path)
    parts = [part for unit in found for part in unit.parts]
    assert len(parts) > 5
    assert {part.file.sha256 for part in parts} == {blobs.put(Path(tmp_path), LIST)}


def test_where_no_line_ends_the_piece_grows_up_to_the_largest(tmp_path, monkeypatch):
    units.SMALL, units.PIECE = 0, 1000
    monkeypatch.setattr(LINES.parser, "LARGEST", 5000)
    long = b"x" * 3500 + b"\n"
    parts = [part for unit in given_units(LINES, {"file:a": LIST + long + LIST}, tmp_path) for part in unit.parts]
    assert b"".join(part.body for part in parts) == LIST + long + LIST
    assert max(len(part.body) for part in parts) >= 3501
    *_, damaged = given_units(LINES, {"file:a": LIST + b"x" * 20_000 + LIST}, tmp_path)
    assert damaged.error.message.startswith("too large: ")


def test_a_body_that_is_not_what_was_stored_stops_everything(tmp_path):
    units.SMALL = 0
    snapshot = take(Store(tmp_path), "mill", {"file:a": LIST})
    lost = replace(snapshot, files=tuple(replace(file, sha256="0" * 64) for file in snapshot.files))
    with pytest.raises(CorruptError):
        list(units.units(LINES, lost, tmp_path, lambda _url, _more: None))


def test_what_is_read_is_told_and_adds_up(tmp_path):
    units.SMALL = 500
    bodies = {"file:a": b"small", "file:b.tar": tar(MEMBERS), "file:c.txt": LIST, "file:d.gz": PACKERS["gzip"](LIST)}
    store, told = Store(tmp_path), []
    snapshot = take(store, "mill", bodies)
    list(units.units(LINES, snapshot, store.root, lambda url, more: told.append((url, more))))
    read = {file.url: sum(more for url, more in told if url.partition("!/")[0] == file.url) for file in snapshot.files}
    assert read == {file.url: file.bytes for file in snapshot.files}
