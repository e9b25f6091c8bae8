import base64
import subprocess
import sys
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from corpusmill import warc
from corpusmill.errors import CorruptError, UsageError
from corpusmill.store import blobs
from corpusmill.store.bodies import IN_MEMORY
from corpusmill.store.ids import sha256
from tests.corpusmill import samples

ROOT = Path(__file__).parents[2]
TEXT = b"The mill by the river grinds what the village brings it."
LONG = b"Grain upon grain, and stone upon stone.\n" * (IN_MEMORY // 39)
GONE = {"sha256": sha256(b""), "bytes": 0}


def page(store, url: str, body: bytes = TEXT, **fields):
    blobs.put(store.root, body)
    return samples.raw(url, **{"sha256": sha256(body), "bytes": len(body), "media_type": "text/plain", **fields})


def read(path) -> list[dict]:
    """Every record as warcio reads it, digests checked while it does."""
    records = []
    with Path(path).open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            body = record.content_stream().read()
            headers = dict(record.http_headers.headers) if record.http_headers else {}
            status = record.http_headers.get_statuscode() if record.http_headers else ""
            found = {"type": record.rec_type, "body": body, "http": headers, "status": status}
            records.append(found | {"warc": dict(record.rec_headers.headers), "checked": record.digest_checker.passed})
    return records


@pytest.fixture
def two(store):
    """Two snapshots of one corpus: a page stays, one changes, one goes, one is a copy of another."""
    first = samples.snapshot(
        "aaa111aaa111",
        files=(
            page(
                store,
                "https://host/stays",
                etag='"e1"',
                last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
                robots="allowed",
            ),
            page(store, "https://host/changes", b"before", final_url="https://host/there"),
            page(store, "https://host/long", LONG),
            page(store, "https://host/copy"),
            page(store, "file:my%20book.txt", b"local", robots="local file"),
        ),
    )
    second = samples.snapshot(
        "bbb222bbb222",
        collected_at="2024-06-01T10:00:01+00:00",
        files=(
            page(store, "https://host/stays", fetched_at="2024-06-01T10:00:00+00:00"),
            page(store, "https://host/changes", b"after", fetched_at="2024-06-01T12:00:00+02:00"),
            samples.raw("https://host/goes", status=410, **GONE),
            samples.raw("https://host/went", status=404, **GONE),
        ),
    )
    return [first, second]


def test_a_corpus_becomes_one_file_that_warcio_reads_and_finds_sound(store, two, tmp_path):
    written = warc.write(store, two, tmp_path / "new" / "folder")

    records = read(written.path)
    kinds = [record["type"] for record in records]
    assert kinds == [
        "warcinfo",
        *("response", "metadata", "response", "metadata", "response", "metadata"),
        *("revisit", "metadata", "resource", "metadata"),
        *("revisit", "metadata", "response", "metadata", "response", "metadata", "response", "metadata"),
    ]
    assert (written.records, written.revisits) == (len(records), 2)
    assert all(record["checked"] for record in records if record["type"] != "revisit")
    assert len({record["warc"]["WARC-Record-ID"] for record in records}) == len(records)
    assert {record["warc"]["WARC-Date"] for record in records} == {
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:01Z",
        "2024-06-01T10:00:00Z",
    }


def test_a_response_says_what_was_recorded(store, two, tmp_path):
    records = read(warc.write(store, two, tmp_path).path)
    stays, moved, long = (record for record in records[1:7] if record["type"] == "response")

    assert (stays["body"], stays["status"]) == (TEXT, "200")
    assert stays["http"] == {
        "Content-Type": "text/plain",
        "ETag": '"e1"',
        "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        "Content-Length": str(len(TEXT)),
    }
    assert stays["warc"]["WARC-Payload-Digest"] == f"sha256:{base64.b32encode(bytes.fromhex(sha256(TEXT))).decode()}"
    assert moved["warc"]["WARC-Target-URI"] == "https://host/there"
    assert long["body"] == LONG
    assert [record["status"] for record in records[-4::2]] == ["410", "404"]
    assert records[0]["warc"]["WARC-Filename"].startswith("bible-")
    assert b"snapshots aaa111aaa111 bbb222bbb222\r\n" in records[0]["body"]


def test_bytes_that_came_before_are_referred_to(store, two, tmp_path):
    records = read(warc.write(store, two, tmp_path).path)
    first = records[1]["warc"]

    for revisit in (record for record in records if record["type"] == "revisit"):
        assert revisit["body"] == b""
        assert revisit["status"] == "200"
        assert (
            revisit["warc"]
            | {
                "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
                "WARC-Refers-To": first["WARC-Record-ID"],
                "WARC-Refers-To-Target-URI": first["WARC-Target-URI"],
                "WARC-Refers-To-Date": first["WARC-Date"],
                "WARC-Payload-Digest": first["WARC-Payload-Digest"],
            }
            == revisit["warc"]
        )
    assert {record["warc"]["WARC-Target-URI"] for record in records if record["type"] == "revisit"} == {
        "https://host/copy",
        "https://host/stays",
    }


def test_what_warc_has_no_field_for_stands_beside_each_record(store, two, tmp_path):
    records = read(warc.write(store, two, tmp_path).path)
    told = records[4]

    assert told["warc"]["WARC-Concurrent-To"] == records[3]["warc"]["WARC-Record-ID"]
    assert told["body"].decode().splitlines() == [
        "corpus: bible",
        "snapshot: aaa111aaa111",
        "asked-for: https://host/changes",
        "licence: CC0-1.0",
        "robots: unchecked",
        f"sha256: {sha256(b'before')}",
    ]


def test_a_local_file_is_a_resource(store, two, tmp_path):
    found = next(record for record in read(warc.write(store, two, tmp_path).path) if record["type"] == "resource")

    assert (found["body"], found["http"]) == (b"local", {})
    assert found["warc"]["WARC-Target-URI"] == "file:my%20book.txt"
    assert found["warc"]["Content-Type"] == "text/plain"


def test_the_same_store_gives_the_same_bytes(store, two, tmp_path):
    script = (
        "import sys; from pathlib import Path; from corpusmill import warc; from corpusmill.store import Store\n"
        "store = Store(Path(sys.argv[1])); print(warc.write(store, store.snapshots('bible'), Path(sys.argv[2])).path)"
    )
    samples.keep(store, *two)
    bodies = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        done = subprocess.run(
            [sys.executable, "-c", script, str(store.root), str(tmp_path / seed)],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        bodies.append(Path(done.stdout.strip()).read_bytes())

    assert bodies[0] == bodies[1]


def test_an_equal_file_is_left_and_another_is_never_overwritten(store, two, tmp_path):
    written = warc.write(store, two, tmp_path)
    assert warc.write(store, two, tmp_path) == written
    assert warc.write(store, two[:1], tmp_path).path != written.path

    file = Path(written.path)
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(UsageError, match="is another file"):
        warc.write(store, two, tmp_path)
    assert file.read_bytes().endswith(b"more")
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_damaged_body_leaves_no_file(store, two, tmp_path):
    blobs.blob_path(store.root, sha256(LONG)).unlink()

    with pytest.raises(CorruptError, match="is missing"):
        warc.write(store, two, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_recorded_values_cannot_add_headers(store, tmp_path):
    odd = page(
        store,
        "https://host/a b\r\nWARC-Type: x/é",
        media_type="text/plain\r\nX-Evil: 1",
        robots="allowed\r\nlicence: mine",
        status=299,
    )

    records = read(warc.write(store, [samples.snapshot(files=(odd,))], tmp_path).path)

    assert records[1]["warc"]["WARC-Target-URI"] == "https://host/a%20b%0D%0AWARC-Type:%20x/%C3%A9"
    assert records[1]["http"]["Content-Type"] == "text/plain  X-Evil: 1"
    assert "X-Evil" not in records[1]["http"]
    assert b"robots: allowed  licence: mine\r\n" in records[2]["body"]
    assert records[1]["status"] == "299"


def test_without_warcio_it_says_what_to_install(store, two, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "warcio", None)
    monkeypatch.setitem(sys.modules, "warcio.warcwriter", None)

    with pytest.raises(UsageError, match=r"install corpusmill\[warc\]"):
        warc.write(store, two, tmp_path / "out")
    assert not (tmp_path / "out").exists()
