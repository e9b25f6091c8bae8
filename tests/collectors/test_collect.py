import dataclasses
import http.server
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import zstandard
from urllib3 import Retry

import collectors
from collectors import collect
from corpusmill import spec
from corpusmill.errors import BusyError, CollectError, ContentError, CorruptError, NetworkError, SpecError, StoreError
from corpusmill.http import Client
from corpusmill.store import Store, blobs, ids
from corpusmill.types import RawFile, Snapshot
from tests import needs
from tests.powercut import Disk, Left

ROOT = Path(__file__).parents[2]
PLAYS = [f"play{number}" for number in range(1, 6)]
FIVE = f"""
title = "Plays"
licence = "CC0-1.0"
[source]
transport = "files"
urls = {[f"https://plays/{name}.txt" for name in PLAYS]}
[parse]
kind = "text"
"""


def corpus(*overrides: str, name: str = "plays"):
    return spec.parse(FIVE, f"{name}.toml", overrides)


def own(path: Path):
    return corpus(f'source={{transport="local", path="{path}"}}')


class Mirror(http.server.BaseHTTPRequestHandler):
    """Every play is a few bytes, unless the test says that it fails."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        body = self.server.bodies.get(self.path, f"The text of {self.path}".encode())
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def mirror():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.daemon_threads = True
        server.asked, server.bodies = Counter(), {}
        server.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(mirror):
    made = Client(mirror=mirror.address, retries=Retry(0))
    yield made
    made.session.close()


@pytest.fixture
def nobody():
    """A client to be used where nothing may be fetched."""
    made = Client(mirror="http://127.0.0.1:1", retries=Retry(0))
    yield made
    made.session.close()


class Fake:
    """A client of another day, on which the same bytes came."""

    def __init__(self, day: str, **bodies: bytes) -> None:
        self.day, self.bodies = day, bodies

    def get(self, url: str) -> tuple[RawFile, bytes]:
        body = self.bodies.get(url.rpartition("/")[2].partition(".")[0], url.encode())
        record = RawFile(url=url, final_url=url, status=200, sha256=ids.sha256(body), bytes=len(body))
        return dataclasses.replace(record, fetched_at=self.day, etag=self.day), body


def files(store: Store) -> list[str]:
    return sorted(str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file() and p.suffix != ".lock")


def assert_only_blobs(store: Store) -> None:
    assert store.snapshots("plays") == []
    assert {name.split("/")[0] for name in files(store)} <= {"blobs", "plays"}
    assert not list(store.root.rglob("*.tmp"))


# What a collect gives


def test_a_snapshot_holds_what_was_fetched_and_under_what_terms(store, client, mirror):
    snapshot, made = collect(corpus(), store, client)
    assert made
    assert snapshot == store.snapshot("plays", snapshot.id) == store.latest_snapshot("plays")
    assert snapshot.origin == "https://plays/play1.txt"
    assert [file.url for file in snapshot.files] == [f"https://plays/{name}.txt" for name in PLAYS]
    assert {file.licence for file in snapshot.files} == {"CC0-1.0"}
    assert {file.robots for file in snapshot.files} == {"unchecked"}
    assert mirror.address not in msgspec.json.encode(snapshot).decode()
    for file in snapshot.files:
        assert blobs.get(store.root, file.sha256) == f"The text of /{file.url.removeprefix('https://')}".encode()


def test_the_licence_of_a_snapshot_is_the_one_declared_when_it_was_taken(store, client):
    first, _ = collect(corpus(), store, client)
    again, made = collect(corpus("licence=MIT"), store, client)
    assert (again, made) == (first, False)
    assert {file.licence for file in again.files} == {"CC0-1.0"}


def test_a_second_collect_of_the_same_bytes_publishes_nothing(store, client):
    first, _ = collect(corpus(), store, client)
    before = files(store)
    assert collect(corpus(), store, client) == (first, False)
    assert files(store) == before


def test_changed_bytes_are_a_new_snapshot_beside_the_old(store, client, mirror):
    first, _ = collect(corpus(), store, client)
    mirror.bodies["/plays/play3.txt"] = b"Another text"
    second, made = collect(corpus(), store, client)
    assert made
    assert {s.id for s in store.snapshots("plays")} == {first.id, second.id}
    assert store.latest_snapshot("plays") == second
    del mirror.bodies["/plays/play3.txt"]
    assert collect(corpus(), store, client) == (first, False)
    assert store.latest_snapshot("plays") == first


def test_the_id_depends_on_addresses_and_bytes_never_on_the_clock_or_the_order(tmp_path):
    reverse = [f"https://plays/{name}.txt" for name in reversed(PLAYS)]
    taken = [
        collect(corpus(*overrides), Store(tmp_path / str(number)), Fake(day))[0]
        for number, (day, overrides) in enumerate([("2024", ()), ("2031", ()), ("2024", (f"source.urls={reverse}",))])
    ]
    assert len({snapshot.id for snapshot in taken}) == 1
    assert [snapshot.files[0].fetched_at for snapshot in taken] == ["2024", "2031", "2024"]
    other = collect(corpus(), Store(tmp_path / "other"), Fake("2024", play3=b"changed"))[0]
    renamed = collect(corpus(name="dramas"), Store(tmp_path / "renamed"), Fake("2024"))[0]
    assert len({taken[0].id, other.id, renamed.id}) == 3


def test_equal_bodies_are_kept_once(store):
    snapshot, _ = collect(corpus(), store, Fake("2024", **dict.fromkeys(PLAYS, b"same")))
    assert len(snapshot.files) == 5
    assert len(list((store.root / "blobs").glob("*/*"))) == 1


def test_progress_counts_the_files_and_their_size(store, client):
    told = []
    collect(corpus(), store, client, progress=lambda *what: told.append(what))
    assert [what[:3] for what in told] == [("collect", number, 5) for number in range(1, 6)]
    assert told[-1][3] == "0.0 MB"


# Files of this machine


def test_own_files_need_no_network_even_offline(store, nobody, tmp_path):
    (tmp_path / "poem.txt").write_text("Roses are red", encoding="utf-8")
    first, made = collect(own(tmp_path / "poem.txt"), store, nobody, offline=True)
    assert made
    assert first.origin == str(tmp_path / "poem.txt")
    assert collect(own(tmp_path / "poem.txt"), store, nobody) == (first, False)
    (tmp_path / "poem.txt").write_text("Violets are blue", encoding="utf-8")
    assert collect(own(tmp_path / "poem.txt"), store, nobody)[1]


def test_a_folder_that_gives_no_file_is_refused_and_leaves_nothing(store, nobody, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CollectError) as caught:
        collect(own(tmp_path / "empty"), store, nobody)
    assert str(caught.value) == (f"plays: {tmp_path}/empty holds no file: check the [source] section and its patterns")
    assert_only_blobs(store)


# Offline


def test_offline_takes_the_last_snapshot_and_asks_nobody(store, client, nobody):
    first, _ = collect(corpus(), store, client)
    assert collect(corpus(), store, nobody, offline=True) == (first, False)


def test_offline_without_a_snapshot_says_what_to_do(store, nobody):
    with pytest.raises(CollectError) as caught:
        collect(corpus(), store, nobody, offline=True)
    assert str(caught.value) == f"plays was never collected into {store.root}: repeat without --offline"
    assert not store.root.exists()


# Wrong declarations


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("source.transport=flies", "plays.toml: source.transport 'flies' is unknown: did you mean files?"),
        ("source.transport=3", "plays.toml: source.transport '3' is unknown: transports: files, local"),
        ("source.url=x", "plays.toml: unknown key 'source.url': did you mean urls?"),
        ("source={}", "plays.toml: source.transport '' is unknown: transports: files, local"),
    ],
)
def test_a_wrong_source_is_refused_before_anything_is_touched(store, nobody, override, message):
    with pytest.raises(SpecError) as caught:
        collect(corpus(override), store, nobody)
    assert str(caught.value) == message
    assert not store.root.exists()


def test_every_shipped_corpus_names_a_transport_and_its_keys():
    for name in spec.names():
        collectors.check(spec.load(name))


# Failing in the middle


def test_a_collect_that_fails_keeps_what_came_and_the_next_fetches_only_the_rest(store, client, mirror):
    mirror.bodies["/plays/play3.txt"] = b""
    with pytest.raises(NetworkError, match=r"https://plays/play3\.txt answered 404"):
        collect(corpus(), store, client)
    assert mirror.asked == Counter({f"/plays/play{number}.txt": 1 for number in (1, 2, 3)})
    assert_only_blobs(store)
    mirror.asked.clear()
    del mirror.bodies["/plays/play3.txt"]
    snapshot, made = collect(corpus(), store, client)
    assert made
    assert mirror.asked == Counter({f"/plays/play{number}.txt": 1 for number in (3, 4, 5)})
    assert len(snapshot.files) == 5


def test_what_was_fetched_in_two_goes_is_the_same_snapshot_as_in_one(store, client, mirror, tmp_path):
    mirror.bodies["/plays/play3.txt"] = b""
    with pytest.raises(NetworkError):
        collect(corpus(), store, client)
    del mirror.bodies["/plays/play3.txt"]
    assert collect(corpus(), store, client)[0].id == collect(corpus(), Store(tmp_path / "other"), client)[0].id


def test_a_finished_collect_remembers_nothing_for_the_next(store, client, mirror):
    collect(corpus(), store, client)
    assert not list(store.corpus("plays").glob(".collect*"))
    mirror.asked.clear()
    collect(corpus(), store, client)
    assert mirror.asked.total() == 5


def test_a_changed_source_starts_anew(store, client, mirror):
    mirror.bodies["/plays/play3.txt"] = b""
    with pytest.raises(NetworkError):
        collect(corpus(), store, client)
    mirror.asked.clear()
    collect(corpus('source.urls=["https://plays/play1.txt"]'), store, client)
    assert mirror.asked == Counter({"/plays/play1.txt": 1})


def _interrupted(store: Store, client: Client, mirror) -> Path:
    """A store in which a collect failed at the third file; returns its journal."""
    mirror.bodies["/plays/play3.txt"] = b""
    with pytest.raises(NetworkError):
        collect(corpus(), store, client)
    del mirror.bodies["/plays/play3.txt"]
    mirror.asked.clear()
    (journal,) = store.corpus("plays").glob(".collect-*.jsonl")
    return journal


@pytest.mark.parametrize(
    ("damage", "fetched"),
    [
        (lambda body: body, {3, 4, 5}),
        (lambda body: body[:-1], {2, 3, 4, 5}),
        (lambda body: body[:-100], {2, 3, 4, 5}),
        (lambda body: body + b'\n{"url": "https://pla', {3, 4, 5}),
        (lambda body: body + b"\n" + bytes(512), {3, 4, 5}),
        (lambda body: body.replace(b"play1", b"pl\xffy1", 1), {1, 3, 4, 5}),
        (lambda body: body.replace(b'"status":200', b'"status":"ok"', 1), {1, 3, 4, 5}),
        (lambda body: b"not JSON at all", {1, 2, 3, 4, 5}),
        (lambda body: b"[]\nnull\n3\n", {1, 2, 3, 4, 5}),
        (lambda body: b"", {1, 2, 3, 4, 5}),
    ],
)
def test_a_damaged_line_of_the_journal_costs_one_fetch_and_breaks_nothing(store, client, mirror, damage, fetched):
    journal = _interrupted(store, client, mirror)
    journal.write_bytes(damage(journal.read_bytes()))
    snapshot, _ = collect(corpus(), store, client)
    assert set(mirror.asked) == {f"/plays/play{number}.txt" for number in fetched}
    assert len(snapshot.files) == 5


def test_what_an_old_collect_left_is_fetched_again(store, client, mirror):
    journal = _interrupted(store, client, mirror)
    lines = [msgspec.json.decode(line) for line in journal.read_bytes().split(b"\n") if line]
    old = [{**line, "fetched_at": "2020-01-01T00:00:00+00:00"} for line in lines]
    journal.write_bytes(b"\n".join(map(msgspec.json.encode, old)))
    mirror.asked.clear()

    collect(corpus(), store, client)

    assert set(mirror.asked.values()) == {1}
    assert len(mirror.asked) == len(PLAYS)


def test_a_line_that_was_cut_does_not_swallow_the_next(store, client, mirror):
    journal = _interrupted(store, client, mirror)
    journal.write_bytes(journal.read_bytes()[:-100])
    mirror.bodies["/plays/play4.txt"] = b""
    with pytest.raises(NetworkError):
        collect(corpus(), store, client)
    del mirror.bodies["/plays/play4.txt"]
    mirror.asked.clear()
    collect(corpus(), store, client)
    assert set(mirror.asked) == {"/plays/play4.txt", "/plays/play5.txt"}


def test_a_body_that_was_lost_is_fetched_again(store, client, mirror):
    _interrupted(store, client, mirror)
    blobs.blob_path(store.root, ids.sha256(b"The text of /plays/play1.txt")).unlink()
    collect(corpus(), store, client)
    assert set(mirror.asked) == {f"/plays/play{number}.txt" for number in (1, 3, 4, 5)}


def test_a_body_that_was_damaged_is_named(store, client, mirror):
    _interrupted(store, client, mirror)
    path = blobs.blob_path(store.root, ids.sha256(b"The text of /plays/play1.txt"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(CorruptError, match=f"{path}.*: delete it and collect the corpus again"):
        collect(corpus(), store, client)


def test_a_wrong_body_is_not_kept(store, client, mirror):
    index = 'source.index={url="https://plays/index.json", item="https://plays/{name}.txt"}'
    with pytest.raises(ContentError, match=r"https://plays/index\.json is not a JSON list of names"):
        collect(corpus(index, "source.urls=[]"), store, client)
    assert_only_blobs(store)


# Stopping in the middle


def test_an_interrupted_collect_shows_nothing_and_the_next_goes_on(store, client, mirror):
    def stop(_stage: str, done: float, *_: object) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(corpus(), store, client, progress=stop)
    assert_only_blobs(store)
    mirror.asked.clear()
    collect(corpus(), store, client)
    assert set(mirror.asked) == {"/plays/play4.txt", "/plays/play5.txt"}


COLLECT = """
import sys
from pathlib import Path
from tests.collectors.test_collect import corpus
from collectors import collect
from corpusmill.http import Client
from corpusmill.store import Store
def show(stage, done, total, note):
    print(done, flush=True)
    if done == 3:
        sys.stdin.readline()
collect(corpus(), Store(Path(sys.argv[1])), Client(mirror=sys.argv[2]), progress=show)
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_killed_leaves_nothing_visible_and_the_next_goes_on(store, client, mirror, signum):
    command = [sys.executable, "-c", COLLECT, store.root, mirror.address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        while process.stdout.readline() != b"3\n":
            assert process.poll() is None
        with pytest.raises(BusyError, match="another corpusmill is collecting plays"):
            collect(corpus(), store, client)
        process.send_signal(signum)
        process.wait(timeout=30)
    assert_only_blobs(store)
    mirror.asked.clear()
    collect(corpus(), store, client)
    assert set(mirror.asked) == {"/plays/play4.txt", "/plays/play5.txt"}


def test_what_a_killed_process_left_is_swept(store, client):
    collect(corpus(), store, client)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    places = ("plays/snapshots", "refs/plays", "blobs/00")
    for place in places:
        (store.root / place).mkdir(exist_ok=True)
        for pid in (gone.pid, os.getpid()):
            (store.root / place / f".x.1.{pid}.tmp").write_bytes(b"half")
    collect(corpus(), store, client)
    left = sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*.tmp"))
    assert left == sorted(f"{place}/.x.1.{os.getpid()}.tmp" for place in places)


# A disk that fails


def _assert_whole(left: Left) -> None:
    """Every snapshot that shows has its manifest and all its bodies, and the pointer names one that shows."""
    shown = {name: body for name, body in left.items() if not any(part.startswith(".") for part in name.split("/"))}
    snapshots = {
        name.split("/")[-2]: msgspec.json.decode(body, type=Snapshot)
        for name, body in shown.items()
        if name.endswith("/manifest.json")
    }
    for snapshot in snapshots.values():
        for file in snapshot.files:
            body = shown[f"store/blobs/{file.sha256[:2]}/{file.sha256[2:]}"]
            assert ids.sha256(zstandard.ZstdDecompressor().decompress(body)) == file.sha256
    if "store/refs/plays/snapshot" in shown:
        assert msgspec.json.decode(shown["store/refs/plays/snapshot"]) in snapshots


def test_a_power_cut_at_any_moment_leaves_no_half_snapshot_and_takes_back_none(tmp_path, monkeypatch):
    disk, store = Disk(tmp_path, check=_assert_whole), Store(tmp_path / "store")
    with disk.watched(monkeypatch):
        snapshot, _ = collect(corpus(), store, Fake("2024"))
    for left in (disk.strict(), disk.eager()):
        _assert_whole(left)
        assert f"store/plays/snapshots/{snapshot.id}/manifest.json" in left
        assert msgspec.json.decode(left["store/refs/plays/snapshot"]) == snapshot.id


def test_a_full_disk_is_named_nothing_half_written_shows_and_the_earlier_snapshot_stays(tmp_path, nobody):
    with needs.disk(tmp_path / "disk", "2m") as folder:
        store = Store(folder / "store")
        (tmp_path / "poem.txt").write_bytes(random.Random(1).randbytes(1000))
        first, _ = collect(own(tmp_path / "poem.txt"), store, nobody)
        (tmp_path / "poem.txt").write_bytes(random.Random(2).randbytes(3 << 20))
        with pytest.raises(StoreError, match=rf"{store.root}.*: No space left on device: free some space"):
            collect(own(tmp_path / "poem.txt"), store, nobody)
        assert store.snapshots("plays") == [store.latest_snapshot("plays")] == [first]
        assert not list(store.root.rglob("*.tmp"))


def test_a_store_that_may_not_be_written_is_named(tmp_path, nobody):
    (tmp_path / "poem.txt").write_text("Roses are red", encoding="utf-8")
    with needs.ordinary_user(tmp_path):
        tmp_path.chmod(0o555)
        with pytest.raises(StoreError, match=rf"{tmp_path}/store: Permission denied: make it writable"):
            collect(own(tmp_path / "poem.txt"), Store(tmp_path / "store"), nobody)
        tmp_path.chmod(0o755)


def test_a_store_that_is_a_file_is_named(tmp_path, nobody):
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StoreError, match=rf"{tmp_path}/store.*: check the disk, then repeat the command"):
        collect(corpus(), Store(tmp_path / "store"), nobody)


# The real sources


@pytest.mark.parametrize(("name", "count"), [("bible", 67), ("tweets", 3), ("shakespeare", 1)])
def test_a_real_source_is_collected_whole_and_once(store, web, name, count):
    client = Client(mirror=web, retries=Retry(0))
    snapshot, made = collect(spec.load(name), store, client)
    assert made
    assert len(snapshot.files) == count
    assert sum(len(blobs.get(store.root, file.sha256)) for file in snapshot.files) == sum(
        f.bytes for f in snapshot.files
    )
    assert all(file.final_url == file.url and file.url.startswith("https://raw.") for file in snapshot.files)
    assert collect(spec.load(name), store, client) == (snapshot, False)
    client.session.close()
