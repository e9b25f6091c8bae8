"""`corpusmill new`: what it writes is read by the tests that every corpus passes."""

import json
import os
import tarfile
from io import BytesIO

import pytest

import collectors
import preprocess
from corpusmill import spec
from corpusmill.cli.new import new
from corpusmill.errors import CorpusmillError, UsageError
from corpusmill.http import Client, Network
from model.options import checked
from preprocess.build import build
from preprocess.golden import made_of

PROSE = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(60))


def packed(**members: str) -> bytes:
    body = BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(f"mill/{name.replace('__', '.')}")
            info.size = len(text.encode())
            archive.addfile(info, BytesIO(text.encode()))
    return body.getvalue()


def book(name: str, *chapters: list[str]) -> bytes:
    """A book of numbered verses, as JSON."""
    numbered = [
        {"chapter": str(number), "verses": [{"verse": str(n), "text": text} for n, text in enumerate(verses, 1)]}
        for number, verses in enumerate(chapters, 1)
    ]
    return json.dumps({"book": name, "chapters": numbered}).encode()


def page(body: str) -> bytes:
    return f"<!doctype html><html><body>{body}</body></html>".encode()


ESSAYS = range(1, 12)
SITE = {
    "mill.example/poems.txt": PROSE.encode(),
    "mill.example/names.json": json.dumps(["One", "Two Mills"]).encode(),
    "mill.example/One.json": book("One", ["Grind.", "Turn."], ["Rest."]),
    "mill.example/TwoMills.json": book("Two", ["Begin."]),
    "mill.example/source.tar.gz": packed(a__c="int a;\n", b__c="int b;\nint c;\n", README="x"),
    "mill.example/essays/index.html": page("".join(f'<a href="e{n}.html">{n}</a>' for n in ESSAYS)),
    **{f"mill.example/essays/e{n}.html": page(f"<article><p>Essay {n}</p>{PROSE[: 99 * n]}</article>") for n in ESSAYS},
}


@pytest.fixture
def mill(serve, tmp_path, monkeypatch):
    """A site behind a mirror."""
    for name, body in SITE.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    monkeypatch.setenv("CORPUSMILL_MIRROR", serve(tmp_path / "site"))


@pytest.mark.parametrize(
    ("source", "transport", "kind"),
    [
        ("https://mill.example/poems.txt", "files", "lines"),
        ("https://mill.example/names.json", "files", "verses"),
        ("https://mill.example/source.tar.gz", "archive", "code"),
        ("https://mill.example/essays/index.html", "crawl", "html"),
    ],
)
def test_what_it_writes_loads_collects_builds_and_agrees_with_its_golden_pair(
    mill, tmp_path, store, capsys, source, transport, kind
):
    new("mine", source, into=tmp_path, as_json=True)
    said = json.loads(capsys.readouterr().out)
    corpus = spec.read(tmp_path / "datasets" / "mine.toml")
    assert (corpus.source["transport"], corpus.parse["kind"], said["kind"]) == (transport, kind, kind)
    checked(corpus)
    pair = tmp_path / "tests" / "golden" / "mine"
    raw = {path.name: path.read_bytes() for path in (pair / "raw").iterdir()}
    assert made_of(corpus, raw, tmp_path / "scratch") == ((pair / "expected.json").read_bytes(), said["documents"])
    assert said["documents"] > 1
    got = collectors.collect(corpus, store, Client(Network.of(os.environ)))
    version, _ = build(corpus, got.snapshot, store)
    assert sum(shard.rows for shard in version.shards) > 1
    assert preprocess.check(corpus)


def test_a_file_of_ones_own_becomes_a_corpus(tmp_path, capsys):
    (tmp_path / "poems.txt").write_text(PROSE, encoding="utf-8")
    new("poems", str(tmp_path / "poems.txt"), title="My poems", licence="CC0-1.0", into=tmp_path)
    corpus = spec.read(tmp_path / "datasets" / "poems.toml")
    assert (corpus.title, corpus.licence) == ("My poems", "CC0-1.0")
    assert f"corpusmill run {tmp_path}/datasets/poems.toml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("My Poems", "poems.txt", "a corpus cannot be named 'My Poems': say, my-poems"),
        ("bible", "poems.txt", "bible is in the catalogue already"),
        ("mine", "none.txt", "none.txt does not exist"),
        ("mine", "noise", "noise is no text"),
        ("mine", "https://mill.example/none", "answered 404"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(mill, tmp_path, name, source, said):
    (tmp_path / "poems.txt").write_text(PROSE, encoding="utf-8")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 30)
    with pytest.raises(CorpusmillError) as caught:
        new(name, source if "://" in source else str(tmp_path / source), into=tmp_path / "out")
    assert said in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_written_over(tmp_path):
    (tmp_path / "poems.txt").write_text(PROSE, encoding="utf-8")
    new("poems", str(tmp_path / "poems.txt"), into=tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        new("poems", str(tmp_path / "poems.txt"), into=tmp_path)
