from dataclasses import replace

import pytest

from corpusmill.errors import BuildError, CorruptError, ParseError
from corpusmill.store import blobs
from corpusmill.store.ids import sha256
from preprocess import archive
from tests.corpusmill.archives import END, FILES, PACKERS, entry, tar, zipped
from tests.preprocess.snapshots import raw_file

URL = "https://mill.example/mill.tar.xz"
BODY = PACKERS["xz"](tar())


def parts(store, body: bytes, *patterns: str, url: str = URL) -> list[tuple[str, bytes]]:
    file = raw_file(url, body, blobs.put(store.root, body))
    found = list(archive.parts(file, patterns or ("*",), store.root))
    for part, content in found:
        assert part.bytes == len(content)
        assert part.sha256 == (file.sha256 if part.url == file.url else sha256(content))
    return [(part.url, content) for part, content in found]


@pytest.mark.parametrize("body", [b"", b"text", b"PK", b"x" * 100_000, b"%PDF-1.7"])
def test_a_file_that_is_no_archive_is_its_only_part_whatever_its_name_and_the_patterns(body, store):
    assert parts(store, body, "*.c") == [(URL, body)]


@pytest.mark.parametrize("body", [BODY, tar(), zipped()])
def test_a_member_is_a_file_of_its_own_below_the_archives_address(body, store):
    assert parts(store, body, url="file:my%20mill") == [(f"file:my%20mill!/{name}", FILES[name]) for name in FILES]


def test_names_are_quoted_and_lead_nowhere(store):
    body = b"".join(entry(name) for name in (b"../up", b"/etc/passwd", b"a b?c#d%20!/e", b"\xff")) + END
    assert [url.partition("!/")[2] for url, _ in parts(store, body)] == [
        "../up",
        "/etc/passwd",
        "a%20b%3Fc%23d%2520%21/e",
        "%5Cxff",
    ]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["*"], [*FILES]),
        (["*.txt"], ["mill/a.txt", "mill/b.txt"]),
        (["mill/*", "c"], [*FILES]),
        (["?", "*/a.*"], ["mill/a.txt", "c"]),
        (["*.TXT", "c"], ["c"]),
    ],
)
def test_patterns_choose_members(patterns, names, store):
    assert [url for url, _ in parts(store, BODY, *patterns)] == [f"{URL}!/{name}" for name in names]


def test_an_archive_of_which_nothing_matches_is_a_mistake_in_the_corpus(store):
    with pytest.raises(BuildError) as caught:
        parts(store, BODY, "*.h", "*.C")
    assert caught.value.message == "mill.tar.xz: none of its 4 members matches *.h, *.C"


@pytest.mark.parametrize("kind", PACKERS)
def test_a_single_packed_file_keeps_the_address_and_is_chosen_by_its_name_without_the_suffix(kind, store):
    body = PACKERS[kind](b"grist")
    for pattern in ("*", "*.json", "2015.json"):
        assert parts(store, body, pattern, url="https://mill.example/2015.json.gz") == [
            ("https://mill.example/2015.json.gz", b"grist")
        ]
    with pytest.raises(BuildError, match=r"2015.json.gz: none of its 1 members matches \*.txt"):
        parts(store, body, "*.txt", url="https://mill.example/2015.json.gz")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BODY[:-40], "truncated archive: it ends in the middle of its xz data"),
        (zipped()[:400], "truncated archive: the directory that ends a zip archive is missing"),
        (BODY + b"x", "corrupt archive: something else follows its xz data: b'x'"),
        (entry(b"a") * 2 + END, "corrupt archive: two members are named 'a'"),
        (zipped({})[-22:], "corrupt archive: its directory is not where its last record says"),
        (tar({}), "empty: the archive holds no file"),
        (zipped({}), "empty: the archive holds no file"),
    ],
)
def test_an_archive_that_is_not_whole_is_a_parse_error(body, message, store):
    with pytest.raises(ParseError) as caught:
        parts(store, body)
    assert caught.value.message == message
    assert caught.value.hint


def test_what_the_host_said_of_the_archive_is_not_said_of_its_members(store):
    sent = raw_file(URL, BODY, blobs.put(store.root, BODY))
    for part, _ in archive.parts(replace(sent, media_type="application/x-xz", etag='"1"'), ("*",), store.root):
        assert (part.media_type, part.etag, part.final_url) == ("", '"1"', URL)


def test_a_damaged_blob_is_no_parse_error(store):
    digest = blobs.put(store.root, BODY)
    other = blobs.put(store.root, PACKERS["xz"](tar({"other": b"x"})))
    blobs.blob_path(store.root, digest).write_bytes(blobs.blob_path(store.root, other).read_bytes())
    with pytest.raises(CorruptError, match="does not match its digest"):
        list(archive.parts(raw_file(URL, BODY, digest), ("*",), store.root))
