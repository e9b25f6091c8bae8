import dataclasses
import http.client
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill import mirror
from corpusmill.errors import UsageError
from corpusmill.http import Client, Network
from corpusmill.mirror.address import key
from corpusmill.mirror.answer import Found, decide
from corpusmill.mirror.folder import SMALL, Folder, media_type
from corpusmill.store import Store, blobs
from corpusmill.store.bodies import IN_MEMORY
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile
from tests.corpusmill import samples

TEXT = b"The mill by the river grinds what the village brings it."
LONG = b"Grain upon grain, and stone upon stone.\n" * (IN_MEMORY // 39)
DATE = "Mon, 01 Jan 2024 00:00:00 GMT"
VALIDATORS = {"etag": '"e1"', "last_modified": DATE}


def ask(address: str, path: str, method: str = "GET", **headers: str):
    """One request as it is written, without a client's own tidying of paths: status, headers, body."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection._encode_request = lambda request: request.encode("latin-1")
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A folder of host/path files, and things beside it that are nobody's business."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_bytes(b"secret")
    root = outside / "tree"
    files = {
        "host/a.txt": TEXT,
        "host/robots.txt": b"User-agent: *\nDisallow: /private\n",
        "host/index.html": b"<title>home</title>",
        "host/dir/index.html": b"<title>dir</title>",
        "host/empty": b"",
        "host/page": b"\n<!DOCTYPE HTML><p>no ending in its name",
        "host/erdo%C4%9Fan": b"escaped",
        "host/čeština a spol.txt": "čeština".encode(),
        "host/100%.txt": b"a lone percent",
        "host/list?page=2": b"second page",
        "host/list": b"any page",
        "host/large.bin": LONG,
        "host/..hidden/x": b"dots in a name lead nowhere",
        "host:8080/a": b"by port",
        "Mixed.org/a": b"case",
    }
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    (root / "host/inside").symlink_to("a.txt")
    (root / "host/outside").symlink_to(outside / "secret.txt")
    (root / "host/up").symlink_to(outside)
    (root / "host/loop").symlink_to("loop")
    os.mkfifo(root / "host/pipe")
    return root


@pytest.fixture(scope="module")
def folder(serve, tree) -> str:
    return serve(tree)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/host/a.txt", TEXT),
        ("/host//a.txt", TEXT),
        ("/host/a%2Etxt", TEXT),
        ("/host/a.txt?any=query", TEXT),
        ("/host/", b"<title>home</title>"),
        ("/host/dir/", b"<title>dir</title>"),
        ("/host/empty", b""),
        ("/host/erdo%C4%9Fan", b"escaped"),
        ("/host/erdo%c4%9fan", b"escaped"),
        ("/host/%C4%8De%C5%A1tina%20a%20spol.txt", "čeština".encode()),
        ("/host/čeština".encode().decode("latin-1") + "%20a%20spol.txt", "čeština".encode()),
        ("/host/100%25.txt", b"a lone percent"),
        ("/host/list?page=2", b"second page"),
        ("/host/list?page=3", b"any page"),
        ("/host/list%3Fpage=2", b"second page"),
        ("/host/inside", TEXT),
        ("/host/..hidden/x", b"dots in a name lead nowhere"),
        ("/host:8080/a", b"by port"),
        ("/host/large.bin", LONG),
    ],
)
def test_a_folder_answers_an_address_with_its_file(folder, path, body):
    status, headers, got = ask(folder, path)

    assert (status, got) == (200, body)
    assert headers["Content-Length"] == str(len(body))
    assert ask(folder, path, "HEAD")[2] == b""
    assert ask(folder, path, "HEAD")[1]["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "path",
    [
        "/host/missing",
        "/other/robots.txt",
        "/host/../../secret.txt",
        "/host/..%2F..%2Fsecret.txt",
        "/%2e%2e/secret.txt",
        "/..",
        "/host/%2e%2e/%2e%2e/secret.txt",
        "/host/./a.txt",
        "/host/a.txt%00",
        "/host/outside",
        "/host/up/secret.txt",
        "/host/up/tree/host/a.txt/",
        "/host/loop",
        "/host/pipe",
        "/host/a.txt/",
        "/host/" + "x" * 5000,
        "//etc/passwd",
        "/%2Fetc%2Fpasswd",
        "*",
    ],
)
def test_nothing_outside_the_folder_and_nothing_that_is_no_file_is_served(folder, path):
    status, headers, body = ask(folder, path)

    assert status == 404
    assert b"secret" not in body.replace(path.encode("latin-1")[:60], b"").replace(b"secret.txt", b"")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


@settings(max_examples=200)
@given(parts=st.lists(st.sampled_from(["..", ".", "", "%2e", "%2E%2e", "%2f", "/", "host", "secret.txt", "\\", "%00"])))
def test_no_path_leads_out_of_a_folder(tree, parts):
    found = Folder(tree).find("/".join(parts))

    if found and found.size:
        with found.open() as body:
            assert body.read() != b"secret"


@pytest.mark.parametrize(("path", "to"), [("/host/dir", "./dir/"), ("/host/dir?a=b%20c", "./dir/?a=b%20c")])
def test_a_folder_without_its_slash_is_redirected_in_a_way_that_holds_for_any_host(folder, path, to):
    status, headers, _ = ask(folder, path)

    assert (status, headers["Location"], headers["Content-Length"]) == (301, to, "0")


TYPES = [
    ("a.html", b"", "text/html"),
    ("a.txt", b"<html>", "text/plain"),
    ("linux-5.15.tar.xz", b"", "application/x-xz"),
    ("a.json.zip", b"", "application/zip"),
    ("a.jsonl.gz", b"", "application/gzip"),
    ("tune.mid", b"", "audio/midi"),
    ("page", b"\xef\xbb\xbf <HTML>", "text/html"),
    ("slug-2017", b"plain words", "text/plain"),
    ("master", b"\x1f\x8b\x08\x00rest", "application/octet-stream"),
    ("latin", "Bücher".encode("latin-1") * 9, "application/octet-stream"),
    ("cut", "é".encode() * 5 + b"\xc3", "text/plain"),
]


@pytest.mark.parametrize(("name", "head", "expected"), TYPES)
def test_media_types_are_guessed_by_name_then_by_content(name, head, expected):
    assert media_type(name, head) == expected


def found(**fields) -> Found:
    given = {"size": 10, "open": lambda: None, "etag": '"e1"', "last_modified": DATE}
    return Found(**{**given, **fields})


CONDITIONS = [
    ({}, 200),
    ({"If-None-Match": '"e1"'}, 304),
    ({"If-None-Match": 'W/"e1"'}, 304),
    ({"If-None-Match": '"e0", "e1"'}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"e0"'}, 200),
    ({"If-None-Match": "e1"}, 200),
    ({"If-None-Match": '"e0"', "If-Modified-Since": DATE}, 200),
    ({"If-Modified-Since": DATE}, 304),
    ({"If-Modified-Since": "Tue, 02 Jan 2024 00:00:00 GMT"}, 304),
    ({"If-Modified-Since": "Sun, 31 Dec 2023 00:00:00 GMT"}, 200),
    ({"If-Modified-Since": "yesterday"}, 200),
    ({"If-Modified-Since": "Mon, 99 Jan 99999 00:00:00 GMT"}, 200),
    ({"If-None-Match": '"e1"', "Range": "bytes=0-1"}, 304),
]


@pytest.mark.parametrize(("asked", "status"), CONDITIONS)
def test_what_the_asker_has_is_not_sent_again(asked, status):
    answer = decide(found(), asked)

    assert answer.status == status
    assert answer.headers["ETag"] == '"e1"'
    assert ("Content-Length" in answer.headers) == (status != 304)


RANGES = [
    ("bytes=0-3", 206, range(4), "bytes 0-3/10"),
    ("bytes=4-", 206, range(4, 10), "bytes 4-9/10"),
    ("bytes=-3", 206, range(7, 10), "bytes 7-9/10"),
    ("bytes=-99", 206, range(10), "bytes 0-9/10"),
    ("bytes=9-99", 206, range(9, 10), "bytes 9-9/10"),
    ("Bytes = 1-1", 206, range(1, 2), "bytes 1-1/10"),
    ("bytes=10-", 416, range(0), "bytes */10"),
    ("bytes=-0", 416, range(0), "bytes */10"),
    ("bytes=3-1", 200, range(10), None),
    ("bytes=0-1,3-4", 200, range(10), None),
    ("bytes=-", 200, range(10), None),
    ("bytes=a-b", 200, range(10), None),
    ("lines=0-1", 200, range(10), None),
    ("bytes=" + "9" * 5000 + "-", 200, range(10), None),
    ("", 200, range(10), None),
]


@pytest.mark.parametrize(("text", "status", "part", "said"), RANGES, ids=lambda value: str(value)[:20])
def test_one_range_is_answered_with_its_part(text, status, part, said):
    answer = decide(found(), {"Range": text})

    assert (answer.status, list(answer.part), answer.headers.get("Content-Range")) == (status, list(part), said)
    assert answer.headers["Content-Length"] == str(len(part))


IF_RANGE = [
    ('"e1"', {}, 206),
    ('"e0"', {}, 200),
    ('W/"e1"', {"etag": 'W/"e1"'}, 200),
    (DATE, {}, 206),
    ("Tue, 02 Jan 2024 00:00:00 GMT", {}, 200),
    ("nonsense", {}, 200),
    (DATE, {"last_modified": ""}, 200),
]


@pytest.mark.parametrize(("condition", "fields", "status"), IF_RANGE)
def test_a_part_is_only_of_the_body_that_the_asker_has_begun(condition, fields, status):
    assert decide(found(**fields), {"Range": "bytes=2-", "If-Range": condition}).status == status


def test_an_empty_body_has_no_part_and_a_tombstone_no_conditions():
    assert decide(found(size=0), {"Range": "bytes=0-"}).status == 416
    assert decide(found(status=404, etag=""), {"If-None-Match": "*", "Range": "bytes=0-1"}).status == 404


@given(size=st.integers(0, 1000), text=st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True))
def test_a_part_never_leaves_the_body(size, text):
    part = decide(found(size=size), {"Range": text}).part

    assert 0 <= part.start <= max(part.stop, part.start)
    assert not part or part.stop <= size


@pytest.mark.parametrize("name", ["host/a.txt", "host/large.bin"])
def test_a_file_has_validators_and_parts_over_http(folder, tree, name):
    body = (tree / name).read_bytes()
    assert (len(body) <= SMALL) == (name == "host/a.txt")
    headers = ask(folder, f"/{name}")[1]

    assert headers["Last-Modified"] == formatdate(int((tree / name).stat().st_mtime), usegmt=True)
    assert ask(folder, f"/{name}", If_None_Match=headers["ETag"])[::2] == (304, b"")
    assert ask(folder, f"/{name}", If_Modified_Since=headers["Last-Modified"])[0] == 304
    assert ask(folder, f"/{name}", Range="bytes=5-20", If_Range=headers["ETag"])[::2] == (206, body[5:21])
    assert ask(folder, f"/{name}", "HEAD", Range="bytes=5-20")[0] == 200


def test_a_small_file_keeps_its_tag_for_as_long_as_its_content(serve, tmp_path):
    (tmp_path / "host").mkdir()
    file = tmp_path / "host" / "a"
    address = serve(tmp_path)
    tags = []
    for body, date in ((b"one", 1), (b"one", 2), (b"two", 2)):
        file.write_bytes(body)
        os.utime(file, (date, date))
        tags.append(ask(address, "/host/a")[1]["ETag"])

    assert tags[0] == tags[1] != tags[2]


def test_the_first_page_lists_the_hosts_and_how_to_use_them(serve, tree, folder):
    (tree / "<script>").mkdir()

    status, headers, body = ask(folder, "/")

    page = body.decode()
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<li>host</li>" in page
    assert "<script>" not in page
    assert f"export CORPUSMILL_MIRROR={folder}\n" in page.replace("</pre>", "\n")


def test_collected_pages_cannot_act_in_a_browser(folder):
    headers = ask(folder, "/host/")[1]

    assert headers["Content-Security-Policy"] == "sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "status"),
    [("evil.example", 421), ("evil.example:80", 421), ("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:8000", 200)],
)
def test_a_private_mirror_answers_to_no_name_of_somebody_else(folder, host, status):
    assert ask(folder, "/host/a.txt", Host=host)[0] == status


def test_a_connection_serves_many_requests_until_one_carries_a_body(folder):
    connection = http.client.HTTPConnection(urlsplit(folder).netloc, timeout=10)
    connection.connect()
    used = connection.sock
    for path, status in (("/host/a.txt", 200), ("/host/missing", 404), ("/host/dir", 301), ("/host/large.bin", 200)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, connection.sock is used) == (status, True)
    connection.request("GET", "/host/a.txt", body=b"GET /host/page HTTP/1.1\r\n\r\n")
    assert connection.getresponse().read() == TEXT
    assert used.recv(100) == b""
    connection.close()


@pytest.mark.parametrize(
    ("request_line", "status"), [(b"POST / HTTP/1.1", b"501"), (b"GET", b"400"), (b"GET / HTTP/9.9", b"505")]
)
def test_other_requests_are_refused_in_good_order(folder, request_line, status):
    parts = urlsplit(folder)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request_line + b"\r\n\r\n")
        assert status in connection.recv(1000)


def test_many_ask_at_once(folder):
    with ThreadPoolExecutor(16) as pool:
        got = pool.map(lambda n: ask(folder, "/host/a.txt" if n % 4 else "/host/large.bin")[2], range(64))

        assert [len(body) for body in got] == [len(TEXT) if n % 4 else len(LONG) for n in range(64)]


def test_a_client_that_hangs_up_is_no_noise(folder, capfd):
    parts = urlsplit(folder)
    for _ in range(3):
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(b"GET /host/large.bin HTTP/1.1\r\n\r\n")
            connection.recv(1)
    assert ask(folder, "/host/a.txt")[0] == 200

    assert capfd.readouterr().err == ""


def page(url: str, body: bytes = TEXT, **fields) -> RawFile:
    given = {
        "sha256": sha256(body),
        "bytes": len(body),
        "media_type": "text/html",
        "etag": '"e1"',
        "last_modified": DATE,
    }
    return samples.raw(url, **{**given, **fields})


def collected(store: Store, corpus: str, identity: str, *files: RawFile, body: bytes = TEXT) -> None:
    """A snapshot of some pages, the latest of its corpus."""
    blobs.put(store.root, body)
    samples.keep(store, samples.snapshot(identity, corpus, files=files))
    store.set_latest(corpus, "snapshot", identity)


GONE = {"sha256": sha256(b""), "bytes": 0, "media_type": "", "etag": "", "last_modified": ""}


@pytest.fixture
def snapshots(store, serve) -> str:
    """A store with one corpus of each kind of record."""
    collected(
        store,
        "bible",
        "a1",
        page("https://host/a"),
        page("https://Host.Example:443/b c?x=é"),
        page("https://host/old", final_url="https://other/new"),
        page("http://host/upgraded", final_url="https://host/upgraded"),
        page("https://host/x", final_url="https://host/y"),
        page("https://host/y", final_url="https://host/x"),
        page("https://host/gone", status=410, **GONE),
        page("https://host/missing", status=404, **GONE),
        page("https://host/odd", etag="unquoted", last_modified="a\r\nSet-Cookie: b", media_type="text/plain\r\nX: y"),
        page("https://bare.example"),
        page("file:private.txt"),
    )
    return serve(store)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/host/a", 200),
        ("/HOST/a", 200),
        ("/host:443/a", 200),
        ("/host/%61", 200),
        ("/host/a?", 200),
        ("/host/a?x", 404),
        ("/host/a/", 404),
        ("/host.example/b%20c?x=%C3%A9", 200),
        ("/host.example/b%20c?x=%c3%a9", 200),
        ("/host.example/b%20c", 404),
        ("/other/new", 200),
        ("/host/upgraded", 200),
        ("/host/x", 200),
        ("/host/y", 200),
        ("/host/gone", 410),
        ("/host/missing", 404),
        ("/bare.example", 200),
        ("/bare.example/", 200),
        ("/host/robots.txt", 404),
        ("/file:private.txt", 404),
        ("/private.txt", 404),
        ("/host/../host/a", 404),
    ],
)
def test_a_store_answers_an_address_with_what_was_collected_there(snapshots, path, status):
    got, headers, body = ask(snapshots, path)

    assert got == status
    if status == 200:
        assert (body, headers["ETag"], headers["Last-Modified"]) == (TEXT, '"e1"', DATE)
        assert headers["Content-Type"] == "text/html"
    elif path in ("/host/gone", "/host/missing"):
        assert body == b""


def test_an_address_that_led_elsewhere_leads_there_again(snapshots):
    status, headers, _ = ask(snapshots, "/host/old")

    assert (status, headers["Location"]) == (302, "/other/new")


@pytest.mark.parametrize("url", ["https://host/a", "https://host/old", "https://host/gone", "https://bare.example"])
def test_what_a_client_gets_from_a_mirror_is_what_was_got_from_the_source(store, snapshots, url):
    (first,) = (record for record in store.snapshots("bible")[0].files if record.url == url)
    client = Client(Network(mirror=snapshots))

    got = client.get(url).record
    assert dataclasses.replace(got, fetched_at=first.fetched_at, robots=first.robots, licence=first.licence) == first
    assert client.get(url, known=got).unchanged == (got.status == 200)


def test_recorded_headers_that_are_none_are_made_anew(snapshots):
    headers = ask(snapshots, "/host/odd")[1]

    assert headers["ETag"] == f'"{sha256(TEXT)}"'
    assert "Last-Modified" not in headers
    assert "Content-Type" not in headers
    assert not {"Set-Cookie", "X"} & set(headers)


def test_a_large_body_comes_in_parts_from_a_store(store, serve):
    collected(store, "bible", "a1", page("https://host/a", LONG), body=LONG)
    address = serve(store)

    assert ask(address, "/host/a")[2] == LONG
    assert ask(address, "/host/a", Range="bytes=1000-", If_Range='"e1"')[2] == LONG[1000:]


def test_what_is_collected_while_it_runs_is_served(store, serve, monkeypatch):
    monkeypatch.setattr("corpusmill.mirror.snapshots.FRESH", 0.0)
    address = serve(store)
    assert ask(address, "/host/a")[0] == 404

    collected(store, "bible", "a1", page("https://host/a"))
    assert ask(address, "/host/a")[2] == TEXT

    newer = {"etag": '"e2"', "fetched_at": "2024-06-01T10:00:00+00:00"}
    collected(store, "bible", "a2", page("https://host/a", b"new", **newer), body=b"new")
    assert ask(address, "/host/a")[2] == b"new"

    collected(store, "tweets", "a3", page("https://host/a"))  # of an earlier day
    assert ask(address, "/host/a")[2] == b"new"


def test_a_damaged_body_is_never_sent(store, serve, capfd):
    collected(store, "bible", "a1", page("https://host/a"))
    blobs.blob_path(store.root, sha256(TEXT)).unlink()

    status, _, body = ask(serve(store), "/host/a")

    assert status == 500
    assert str(store.root) not in body.decode()
    assert "is missing" in capfd.readouterr().err


def test_a_damaged_manifest_keeps_what_was_served_before(store, serve, capfd, monkeypatch):
    monkeypatch.setattr("corpusmill.mirror.snapshots.FRESH", 0.0)
    collected(store, "bible", "a1", page("https://host/a"))
    address = serve(store)
    collected(store, "bible", "a2", page("https://host/b"))
    collected(store, "zzz", "a3", page("https://host/c"))
    (store.snapshot_folder("bible", "a2") / "manifest.json").write_text("{")

    assert [ask(address, path)[0] for path in ("/host/a", "/host/b", "/host/c")] == [200, 404, 200]
    assert "is damaged" in capfd.readouterr().err


KEYS = [
    ("host", "host/"),
    ("host?q", "host/?q"),
    ("user:word@HOST:443/A", "host/A"),
    ("host:8080/", "host:8080/"),
    ("host/%7Ea/%c3%a9#part", "host/~a/%C3%A9"),
    ("host/é b/100%", "host/%C3%A9%20b/100%25"),
    ("host/a%2Fb", "host/a%2Fb"),
]


@pytest.mark.parametrize(("address", "expected"), KEYS)
def test_an_address_has_one_spelling(address, expected):
    assert key(address) == expected


@given(st.text())
def test_a_spelling_is_spelt_the_same_again(address):
    assert key(key(address)) == key(address)


def test_what_it_cannot_listen_on_or_serve_is_told(tree, serve):
    taken = urlsplit(serve(tree)).port
    for source, host, port, said in (
        (tree / "nothing", "127.0.0.1", 0, "is no folder"),
        (tree, "127.0.0.1", taken, "in use"),
        (tree, "192.0.2.7", 0, "cannot listen"),
    ):
        with pytest.raises(UsageError, match=said):
            mirror.serve(source, host, port)


def test_a_mirror_for_the_network_says_where_it_is(tree):
    with mirror.serve(tree, "0.0.0.0", 0) as server:  # noqa: S104 - that is what is tested
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        assert not server.private
        assert "0.0.0.0" not in server.address  # noqa: S104 - likewise
        assert ask(f"http://127.0.0.1:{server.server_port}", "/host/a.txt", Host="teacher.local")[0] == 200
        server.shutdown()


def test_records_are_counted_once(store):
    collected(store, "bible", "a1", page("https://host/a"), page("file:x"))
    collected(store, "tweets", "a2", page("https://host/a"), page("https://host/b"))

    with mirror.serve(store, port=0) as server:
        assert (server.source.count(), server.source.hosts()) == (2, ["host"])
