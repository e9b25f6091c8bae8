import contextlib
import dataclasses
import http.server
import io
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import zstandard
from urllib3 import Retry

import collectors
from collectors.intake import Intake
from corpusmill import spec
from corpusmill.errors import (
    BusyError,
    CollectError,
    ContentError,
    CorruptError,
    DeferredError,
    HeldError,
    NetworkError,
    SpecError,
    StoreError,
)
from corpusmill.http import Client, Clock, Fetched, Limits, Network, Pace, Tally
from corpusmill.store import Store, blobs, ids
from corpusmill.types import RawFile, Snapshot
from tests import needs
from tests.powercut import Disk, Left

ONCE = Retry(0, status_forcelist=(500, 503), raise_on_status=False, retry_after_max=120)
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


def collect(*given, **named) -> tuple[Snapshot, bool]:
    got = collectors.collect(*given, **named)
    return got.snapshot, got.made


def own(path: Path):
    return corpus(f'source={{transport="local", path="{path}"}}')


class Mirror(http.server.BaseHTTPRequestHandler):
    """Every play is a few bytes with an ETag, unless the test says that it fails."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.endswith("/robots.txt"):
            self.answer(404)
            return
        self.server.asked[self.path] += 1
        body = self.server.bodies.get(self.path, f"The text of {self.path}".encode())
        etag = f'"{ids.sha256(body)[:8]}"'
        if not body:
            self.answer(self.server.failing, **({"Retry-After": self.server.pause} if self.server.pause else {}))
        elif self.headers["If-None-Match"] == etag:
            self.server.spared[self.path] += 1
            self.answer(304)
        else:
            self.answer(200, body, ETag=etag, Content_Type=self.server.media_type)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def mirror():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.daemon_threads = True
        server.asked, server.spared, server.bodies = Counter(), Counter(), {}
        server.failing, server.pause, server.media_type = 500, "", "text/plain"
        server.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(mirror):
    return Client(Network(mirror.address), retries=ONCE)


@pytest.fixture
def nobody():
    """A client to be used where nothing may be fetched."""
    return Client(Network("http://127.0.0.1:1"), retries=ONCE)


class Fake:
    """A client of another day, on which the same bytes came."""

    def __init__(self, day: str, **bodies: bytes) -> None:
        self.day, self.bodies, self.pace, self.tally = day, bodies, Pace(), Tally()

    def bounded(self, limits: Limits, parts: Path) -> "Fake":
        return self

    def close(self) -> None:
        pass

    def get(self, url: str, known: RawFile | None = None, headers=None) -> Fetched:
        body = self.bodies.get(url.rpartition("/")[2].partition(".")[0], url.encode())
        record = RawFile(url=url, final_url=url, status=200, sha256=ids.sha256(body), bytes=len(body))
        record = dataclasses.replace(record, fetched_at=self.day, etag=self.day)
        return Fetched(record, opener=lambda: io.BytesIO(body))


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
    assert {file.robots for file in snapshot.files} == {"allowed: no robots.txt (404)"}
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
    snapshot, _ = collect(corpus(), store, Fake("2024", **dict.fromkeys(PLAYS, b"same")), accept=True)
    assert len(snapshot.files) == 5
    assert len(list((store.root / "blobs").glob("*/*"))) == 1


def test_progress_counts_the_files_and_their_size(store, client):
    told = []
    collect(corpus(), store, client, progress=lambda *what: told.append(what))
    assert [what[:3] for what in told if what[1] == int(what[1])] == [("collect", number, 5) for number in range(1, 6)]
    assert told[-1][3].startswith("5 files, 0.0 MB, ")


# A host that asks for a pause


def test_a_host_that_asks_for_a_long_pause_is_left_alone_and_keeps_no_other_waiting(store, client, mirror):
    urls = ["https://plays/play1.txt", "https://busy/a.txt", "https://busy/b.txt", "https://plays/play2.txt"]
    two_hosts = corpus(f"source.urls={urls}")
    mirror.bodies["/busy/a.txt"], mirror.failing = b"", 503
    mirror.pause = "7200"
    with pytest.raises(DeferredError, match=r"busy asked to be left alone until .*: what came is kept"):
        collect(two_hosts, store, client)
    assert mirror.asked == Counter({"/plays/play1.txt": 1, "/busy/a.txt": 1, "/plays/play2.txt": 1})
    mirror.asked.clear()
    with pytest.raises(DeferredError, match="busy"):  # another process, which is told by the journal
        collect(two_hosts, store, Client(client.network, retries=ONCE))
    assert mirror.asked.total() == 0
    assert store.snapshots("plays") == []
    later = Clock(time=lambda: time.time() + 7300)
    del mirror.bodies["/busy/a.txt"]
    snapshot, _ = collect(two_hosts, store, Client(client.network, retries=ONCE, clock=later))
    assert [file.url for file in snapshot.files] == urls
    assert set(mirror.asked) == {"/busy/a.txt", "/busy/b.txt"}


def test_a_budget_that_is_spent_ends_in_good_order_and_the_next_collect_goes_on(store, client, mirror):
    small = corpus("source.limits.requests=3")  # robots.txt is one of them
    with pytest.raises(DeferredError, match="the budget of 3 requests for one run is spent: what came is kept"):
        collect(small, store, client)
    with pytest.raises(DeferredError, match="the budget of 3 requests"):
        collect(small, store, client)
    snapshot, _ = collect(small, store, client)
    assert len(snapshot.files) == 5
    assert set(mirror.asked.values()) == {1}


# Refreshing


def test_a_refresh_asks_only_for_what_has_changed_and_says_what_that_spared(store, client, mirror):
    collect(corpus(), store, client)
    mirror.bodies["/plays/play3.txt"] = b"Another text of a play"
    got = collectors.collect(corpus(), store, client)
    assert mirror.spared == Counter({f"/plays/play{number}.txt": 1 for number in (1, 2, 4, 5)})
    cost = got.economics
    assert (cost["fetched"], cost["unchanged"], cost["not_modified"]) == (1, 4, 0.8)
    assert (cost["requests"], cost["received"]) == (6, len(b"Another text of a play"))
    assert cost["saved"] == sum(f.bytes for f in got.snapshot.files) - cost["received"]


def test_what_did_not_change_keeps_the_record_of_its_fetch(store, client, mirror):
    first, _ = collect(corpus(), store, client)
    mirror.bodies["/plays/play3.txt"] = b"Another text of a play"
    second, _ = collect(corpus(), store, client)
    kept = [file for file in second.files if "play3" not in file.url]
    assert kept == [file for file in first.files if "play3" not in file.url]


def test_a_body_that_the_store_lost_is_asked_for_whole(store, client, mirror):
    collect(corpus(), store, client)
    blobs.blob_path(store.root, ids.sha256(b"The text of /plays/play1.txt")).unlink()
    assert collect(corpus(), store, client)[1] is False
    assert blobs.get(store.root, ids.sha256(b"The text of /plays/play1.txt")) == b"The text of /plays/play1.txt"
    assert "/plays/play1.txt" not in mirror.spared


def test_an_address_that_is_gone_becomes_a_tombstone_and_may_come_back(store, client, mirror):
    first, _ = collect(corpus(), store, client)
    mirror.bodies["/plays/play3.txt"], mirror.failing = b"", 410
    got = collectors.collect(corpus(), store, client)
    assert got.made
    assert [(f.url, f.status, f.bytes) for f in got.snapshot.files if f.status != 200] == [
        ("https://plays/play3.txt", 410, 0)
    ]
    assert got.notes == ("1 of 5 addresses are gone, the first https://plays/play3.txt",)
    del mirror.bodies["/plays/play3.txt"]
    assert collect(corpus(), store, client) == (first, False)


def test_a_source_of_which_nothing_was_ever_there_is_an_error(store, client, mirror):
    mirror.bodies.update({f"/plays/{name}.txt": b"" for name in PLAYS})
    mirror.failing = 404
    with pytest.raises(CollectError, match=r"https://plays/play1\.txt answered 404: check the address"):
        collect(corpus(), store, client)
    assert store.snapshots("plays") == []


# Holding


def shrink(mirror):
    mirror.bodies.update({f"/plays/play{number}.txt": b"" for number in (1, 2)})
    mirror.failing = 404


def vanish(mirror):
    mirror.bodies.update({f"/plays/{name}.txt": b"" for name in PLAYS})
    mirror.failing = 404


def shorten(mirror):
    mirror.bodies.update({f"/plays/{name}.txt": name.encode() for name in PLAYS})


def same(mirror):
    mirror.bodies.update({f"/plays/{name}.txt": b"We have moved, look there" for name in PLAYS[:2]})


def home_page(mirror):
    mirror.media_type = "text/html"
    for name in PLAYS:
        page = f"<html><script>agent={hash(name)}</script><body><p>Welcome</p><p>{len(name)}</p></body></html>"
        mirror.bodies[f"/plays/{name}.txt"] = page.encode()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (shrink, "3 files are left of 5"),
        (vanish, "nothing is left of 5 files"),
        (shorten, "25 bytes are left of 140"),
        (same, "2 of 5 files say the same, https://plays/play1.txt and https://plays/play2.txt among them"),
        (home_page, "5 of 5 files say the same, https://plays/play1.txt and https://plays/play2.txt among them"),
    ],
)
def test_a_refresh_that_looks_wrong_is_held_until_it_is_accepted(store, client, mirror, nobody, change, why):
    first, _ = collect(corpus(), store, client)
    change(mirror)
    for _ in range(2):  # asking again does not make it right
        with pytest.raises(HeldError) as caught:
            collect(corpus(), store, client)
        assert why in caught.value.message
        assert caught.value.exit_status == 3
        assert store.latest_snapshot("plays") == first
    held = store.held_snapshot("plays")
    assert f"corpusmill show plays/snapshots/{held.id}" in caught.value.hint
    assert collect(corpus(), store, nobody, offline=True)[0] == first
    accepted, _ = collect(corpus(), store, client, accept=True)
    assert (accepted, store.latest_snapshot("plays"), store.held_snapshot("plays")) == (held, held, None)
    assert collect(corpus(), store, client) == (held, False)


def test_what_is_held_can_be_accepted_without_asking_again(store, client, mirror, nobody):
    collect(corpus(), store, client)
    shrink(mirror)
    with pytest.raises(HeldError):
        collect(corpus(), store, client)
    accepted, _ = collect(corpus(), store, nobody, offline=True, accept=True)
    assert store.latest_snapshot("plays") == accepted
    assert sum(file.status == 404 for file in accepted.files) == 2


def test_a_source_that_has_recovered_is_held_no_longer(store, client, mirror):
    first, _ = collect(corpus(), store, client)
    shrink(mirror)
    with pytest.raises(HeldError):
        collect(corpus(), store, client)
    mirror.bodies.clear()
    assert collect(corpus(), store, client) == (first, False)
    assert store.held_snapshot("plays") is None


def test_pages_that_say_the_same_are_held_the_first_time_too(store, client, mirror):
    home_page(mirror)
    with pytest.raises(HeldError, match="5 of 5 files say the same"):
        collect(corpus(), store, client)
    assert store.latest_snapshot("plays") is None
    collect(corpus(), store, client, accept=True)


def test_a_folder_of_ones_own_is_never_held(store, nobody, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in PLAYS:
        (folder / f"{name}.txt").write_text(name * 100, encoding="utf-8")
    collect(own(folder), store, nobody)
    for name in PLAYS[1:]:
        (folder / f"{name}.txt").unlink()
    assert len(collect(own(folder), store, nobody)[0].files) == 1


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
        (
            "source.transport=3",
            "plays.toml: source.transport '3' is unknown: transports: api, archive, crawl, files, local",
        ),
        ("source.url=x", "plays.toml: unknown key 'source.url': did you mean urls?"),
        ("source={}", "plays.toml: source.transport '' is unknown: transports: api, archive, crawl, files, local"),
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
    with pytest.raises(NetworkError, match=r"https://plays/play3\.txt answered 500"):
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
    (journal,) = store.corpus("plays").glob(".collect-*.db")
    return journal


def _zeroed(journal: Path) -> None:
    journal.write_bytes(bytes(journal.stat().st_size))


def _torn(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes()[:1000])


def _of_another_time(journal: Path) -> None:
    with contextlib.closing(sqlite3.connect(journal)) as opened, opened:
        opened.execute("update fetched set at = '2020-01-01T00:00:00+00:00'")


def _other_program(journal: Path) -> None:
    journal.write_bytes(b"not a database at all " * 100)


@pytest.mark.parametrize(
    ("damage", "fetched"),
    [
        (lambda _: None, {3, 4, 5}),
        (Path.unlink, {1, 2, 3, 4, 5}),
        (_zeroed, {1, 2, 3, 4, 5}),
        (_torn, {1, 2, 3, 4, 5}),
        (_other_program, {1, 2, 3, 4, 5}),
        (_of_another_time, {1, 2, 3, 4, 5}),
    ],
)
def test_a_journal_that_is_damaged_or_old_costs_fetches_and_breaks_nothing(store, client, mirror, damage, fetched):
    damage(_interrupted(store, client, mirror))
    snapshot, _ = collect(corpus(), store, client)
    assert set(mirror.asked) == {f"/plays/play{number}.txt" for number in fetched}
    assert len(snapshot.files) == 5


def test_a_body_that_was_lost_is_fetched_again(store, client, mirror):
    _interrupted(store, client, mirror)
    blobs.blob_path(store.root, ids.sha256(b"The text of /plays/play1.txt")).unlink()
    collect(corpus(), store, client)
    assert set(mirror.asked) == {f"/plays/play{number}.txt" for number in (1, 3, 4, 5)}


def test_a_body_that_was_damaged_is_named_where_it_is_replayed(store, client, nobody):
    collect(corpus(), store, client)
    path = blobs.blob_path(store.root, ids.sha256(b"The text of /plays/play1.txt"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(CorruptError, match=f"{path}.*: delete it and collect the corpus again"):
        collect(corpus(), store, nobody, offline=True)


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
from corpusmill.http import Client, Network
from corpusmill.store import Store
def show(stage, done, total, note):
    print(done, flush=True)
    if done == 3:
        sys.stdin.readline()
collect(corpus(), Store(Path(sys.argv[1])), Client(Network(sys.argv[2])), progress=show)
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


@pytest.mark.parametrize("room", [0, 20_000, 60_000, 100_000])
def test_a_disk_that_fills_while_fetching_is_named_and_the_next_collect_goes_on(tmp_path, client, mirror, room):
    bodies = {f"/plays/{name}.txt": random.Random(name).randbytes(30_000) for name in PLAYS}
    mirror.bodies.update(bodies)
    with needs.disk(tmp_path / "disk", "1m") as folder:
        store, filler = Store(folder / "store"), folder / "filler"
        filler.write_bytes(bytes((1 << 20) - room - 4096))
        with pytest.raises(StoreError, match="free some space"):
            collect(corpus(), store, client)
        filler.unlink()
        snapshot, _ = collect(corpus(), store, client)
        assert [blobs.get(store.root, file.sha256) for file in snapshot.files] == list(bodies.values())


def test_headers_go_to_the_hosts_that_the_corpus_names_and_to_no_other(store):
    asked = {}

    class Host(Fake):
        def get(self, url, known=None, headers=None):
            asked[url] = dict(headers)
            return super().get(url, known, headers)

    with_login = corpus('source.headers={Authorization="Bearer 1"}')
    intake = Intake(with_login, store, Host("2024"))
    for url in ("https://plays/play1.txt", "https://plays/other.txt", "https://elsewhere/play1.txt"):
        intake.get(url)
    intake.close(finished=True)
    login = {"Authorization": "Bearer 1"}
    assert list(asked.values()) == [login, login, {}]


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


def test_real_speeches_that_have_turned_into_the_home_page_are_held(store, serve, tmp_path):
    pages, moved = (
        "www.whitehouse.gov/the-press-office",
        needs.shared("web") / "www.whitehouse.gov/briefings-statements",
    )
    shutil.copytree(needs.shared("web") / pages, tmp_path / pages)
    client = Client(Network(serve(tmp_path)), retries=ONCE)
    before, _ = collect(spec.load("whitehouse"), store, client)
    speeches = sorted(path for path in (tmp_path / pages).rglob("*") if path.is_file())
    for speech, home_page in zip(speeches, sorted(moved.glob("*/index.html")), strict=False):
        speech.write_bytes(home_page.read_bytes())  # no two of them are equal
    with pytest.raises(HeldError, match="4 of 60 files say the same"):
        collect(spec.load("whitehouse"), store, client)
    assert store.latest_snapshot("whitehouse") == before


@pytest.mark.parametrize(("name", "count"), [("bible", 67), ("tweets", 12), ("shakespeare", 1)])
def test_a_real_source_is_collected_whole_and_once(store, web, name, count):
    client = Client(Network(web), retries=ONCE)
    snapshot, made = collect(spec.load(name), store, client)
    assert made
    assert len(snapshot.files) == count
    assert sum(len(blobs.get(store.root, file.sha256)) for file in snapshot.files) == sum(
        f.bytes for f in snapshot.files
    )
    assert all(file.final_url == file.url and file.url.startswith("https://raw.") for file in snapshot.files)
    assert collect(spec.load(name), store, client) == (snapshot, False)
