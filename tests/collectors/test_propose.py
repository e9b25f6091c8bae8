"""Sources by looking: each kind of material gives the [source] that collects it."""

import gzip
import io
import json
import zipfile

import pytest

from collectors import propose
from corpusmill.errors import CollectError
from corpusmill.http import Fetched
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile

TEXT = b"It was a mill by the water.\n\nIt ground slowly.\n"


def site(pages: dict[str, tuple[str, bytes]]):
    def get(url: str) -> Fetched:
        media_type, body = pages.get(url, ("", b""))
        status = 200 if url in pages else 404
        record = RawFile(
            url=url, final_url=url, status=status, sha256=sha256(body), bytes=len(body), media_type=media_type
        )
        return Fetched(record, opener=lambda: io.BytesIO(body))

    return get


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "."), body)
    return packed.getvalue()


def index(links: int, suffix: str = ".html") -> bytes:
    listed = "".join(f'<a href="essay{n}{suffix}">{n}</a>' for n in range(links))
    return f'<!doctype html><html><body><a href="/about">about</a>{listed}</body></html>'.encode()


ESSAYS = {f"https://h/essays/essay{n}.html": ("text/html", b"<html><body>Essay</body></html>") for n in range(20)}


@pytest.mark.parametrize(
    ("url", "pages", "source", "members", "names"),
    [
        (
            "https://h/a.txt",
            {"https://h/a.txt": ("text/plain", TEXT)},
            {"transport": "files", "urls": ["https://h/a.txt"]},
            "",
            ["a.txt"],
        ),
        (
            "https://h/a.zip",
            {"https://h/a.zip": ("", zipped(a__txt=TEXT, b__txt=TEXT * 2, c__png=b"x"))},
            {"transport": "archive", "urls": ["https://h/a.zip"]},
            "*.txt",
            ["a.txt", "b.txt"],
        ),
        (
            "https://h/a.json.gz",
            {"https://h/a.json.gz": ("", gzip.compress(TEXT))},
            {"transport": "archive", "urls": ["https://h/a.json.gz"]},
            "",
            ["a.json.gz"],
        ),
        (
            "https://h/essays/",
            {"https://h/essays/": ("text/html", index(20)), **ESSAYS},
            {
                "transport": "crawl",
                "start": ["https://h/essays/"],
                "include": ["https://h/essays/*.html"],
                "depth": 1,
            },
            "",
            ["essay10.html", "essay11.html", "essay12.html"],
        ),
        (
            "https://h/essays/one.html",
            {"https://h/essays/one.html": ("text/html", index(3))},
            {"transport": "files", "urls": ["https://h/essays/one.html"]},
            "",
            ["one.html"],
        ),
        (
            "https://h/Books.json",
            {
                "https://h/Books.json": ("application/json", b'["Genesis", "1 John"]'),
                "https://h/1John.json": ("application/json", b"{}"),
                "https://h/Genesis.json": ("application/json", b"{}"),
            },
            {
                "transport": "files",
                "index": {"url": "https://h/Books.json", "item": "https://h/{name}.json", "remove": " "},
            },
            "",
            ["1John.json", "Genesis.json"],
        ),
        (
            "https://h/api",
            {"https://h/api": ("application/json", json.dumps({"items": [1], "next": "https://h/api?p=2"}).encode())},
            {"transport": "api", "url": "https://h/api", "items": "items", "next": {"path": "next"}},
            "",
            ["api"],
        ),
        (
            "https://h/list.json",
            {"https://h/list.json": ("application/json", b'[{"text": "a"}]')},
            {"transport": "files", "urls": ["https://h/list.json"]},
            "",
            ["list.json"],
        ),
    ],
)
def test_what_is_at_an_address_decides_how_it_is_collected(url, pages, source, members, names):
    found = propose.propose(url, site(pages))
    assert found.source == source
    assert found.members == members
    assert [sample.name for sample in found.samples] == names


def test_a_file_and_a_folder_of_this_machine_are_local(tmp_path):
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "b.txt").write_bytes(TEXT * 9)
    (tmp_path / "c.md").write_bytes(b"x")
    (tmp_path / ".hidden.txt").write_bytes(TEXT * 99)
    one = propose.propose(str(tmp_path / "a.txt"), site({}))
    assert one.source == {"transport": "local", "path": str(tmp_path / "a.txt")}
    many = propose.propose(str(tmp_path), site({}))
    assert many.source == {"transport": "local", "path": str(tmp_path), "include": ["*.txt"]}
    assert {sample.name for sample in many.samples} <= {"a.txt", "b.txt"}


@pytest.mark.parametrize(("target", "said"), [("https://h/none", "answered 404"), ("/none/at/all", "does not exist")])
def test_what_is_not_there_is_an_error(target, said):
    with pytest.raises(CollectError, match=said):
        propose.propose(target, site({}))


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(CollectError, match="there is no file in it"):
        propose.propose(str(tmp_path), site({}))
