"""`corpusmill status`: what the store tells of corpora, in a folder and in a bucket, without a server."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corpusmill.errors import Interrupted, ParseError
from corpusmill.interchange import openlineage
from corpusmill.store import Store
from corpusmill.types import silent
from flows import cadence, stages
from flows.health import look
from tests.corpusmill.samples import version
from tests.corpusmill.store.buckets import Memory
from tests.corpusmill.store.writers import add
from tests.flows.ailing import CHECKED, LOOK, hold, shelved, tell

VERSION = openlineage.dataset(version())


@pytest.fixture
def bible(store) -> Store:
    return shelved(store)


def begun(store: Store, identity: str = "ddd222ddd222") -> None:
    store.run_work_folder("bible", identity).mkdir(parents=True)


def told(store: Store, *, days: int = 10**5, moment: datetime | None = None) -> list[tuple[str, str]]:
    found = look(store, [], days=days, moment=moment or datetime.now(UTC), server=None)
    return [(need.kind, need.command) for need in found.needs]


def failed_again(store: Store) -> None:
    tell(store, "START", "FAIL", stage="build", why="no document")


def mended(store: Store) -> None:
    failed_again(store)
    tell(store, "START", "COMPLETE", stage="build")


def held_and_told(store: Store) -> None:
    hold(store)
    tell(store, "START", "FAIL", why="bible: what came looks wrong, so it is held: 9 files have become 2")


def cut_off(store: Store) -> None:
    begun(store)
    tell(store, "START", stage="train", given=[VERSION])


def torn(store: Store) -> None:
    failed_again(store)
    (path,) = (store.root / "lineage").iterdir()
    path.write_bytes(b'\xff\xfe\n{"eventType": "FAIL"}\n' + path.read_bytes() + b'{"eventType": "COMPL')


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (lambda store: None, []),
        (hold, [("held", LOOK)]),
        (held_and_told, [("held", LOOK)]),
        (failed_again, [("failed", "corpusmill build bible")]),
        (mended, []),
        (torn, [("failed", "corpusmill build bible")]),
        (lambda store: tell(store, "START", "ABORT"), [("unfinished", "corpusmill collect bible")]),
        (lambda store: tell(store, "START"), [("unfinished", "corpusmill collect bible")]),
        (lambda store: tell(store, "FAIL", stage="refresh", why="a stage of it is told of"), []),
        (begun, [("unfinished", "corpusmill train bible")]),
        (cut_off, [("unfinished", "corpusmill train bible@v1")]),
        (
            lambda store: (store.corpus("bible") / "snapshots/aaa111aaa111/manifest.json").write_text("{}"),
            [("damaged", "corpusmill verify bible")],
        ),
    ],
    ids=[
        "nothing",
        "a held snapshot",
        "held, and told of once",
        "a stage that failed",
        "a stage that was mended",
        "events of which some are torn",
        "a stage that was stopped",
        "a stage that was killed",
        "a pipeline of stages",
        "a training that was cut off",
        "a training of a known version",
        "a damaged manifest",
    ],
)
def test_the_store_tells_what_needs_somebody(bible, happened, expected):
    happened(bible)

    assert told(bible) == expected


def test_who_is_at_work_is_no_trouble_and_looking_stops_nobody(bible):
    tell(bible, "START")
    begun(bible)

    with bible.lock("bible", "collect", "collecting"), bible.lock("bible", "ddd222ddd222", "training"):
        assert told(bible) == []
    before = sorted(bible.root.rglob("*"))
    assert [kind for kind, _ in told(bible)] == ["unfinished", "unfinished"]
    assert sorted(bible.root.rglob("*")) == before


@pytest.mark.parametrize(("age", "expected"), [(34, []), (35, [("stale", "corpusmill refresh bible")])])
def test_a_corpus_is_to_be_refreshed_within_the_days(bible, age, expected):
    assert told(bible, days=35, moment=datetime.fromisoformat(CHECKED) + timedelta(days=age, hours=1)) == expected


@pytest.mark.parametrize(
    ("name", "days", "patience"),
    [("bible", 35, 35), ("tweets", 2, 2), ("abc", 35, 370), ("abc", 400, 400), ("verses", 35, 35)],
)
def test_a_text_that_is_looked_at_once_a_year_is_not_late_for_a_year(name, days, patience):
    assert cadence.patience(cadence.schedule(name), days) == patience


def test_old_troubles_are_none(bible):
    failed_again(bible)

    assert told(bible, days=5, moment=datetime.now(UTC) + timedelta(days=6))[0][0] == "stale"


def test_a_real_failure_and_a_real_stop_are_told_until_they_are_mended(own, tmp_path):
    store, path = Store(Path(own.store)), tmp_path / "verses.txt"
    good = path.read_bytes()
    path.write_bytes(b"\x00\x01binary")
    stages.collect(own, silent)
    with pytest.raises(ParseError):
        stages.build(own, "", silent)

    def stop(stage, done, *_):
        if (stage, done) == ("train", 1):
            raise Interrupted(signal.SIGTERM)

    (failure,) = look(store, ["verses"], days=1, moment=datetime.now(UTC), server=None).needs
    path.write_bytes(good)
    stages.collect(own, silent)
    made = stages.build(own, "", silent)
    mended_needs = told(store)
    with pytest.raises(Interrupted):
        stages.train(own, made.ref, stop)

    assert (failure.kind, failure.corpus, failure.command) == ("failed", "verses", "corpusmill build verses")
    assert failure.what.startswith("build of verses failed: ")
    assert "verses.txt" in failure.what
    assert mended_needs == []
    assert told(store) == [("unfinished", "corpusmill train verses@v1")]


def test_a_bucket_is_looked_at_without_fetching_what_is_in_it(tmp_path):
    bucket = Memory()
    near, far = (Store(tmp_path / name, bucket) for name in ("near", "far"))
    add(near, "In the beginning")
    near.set_latest("bible", "latest", "v000001")
    failed_again(near)
    asked = []
    plain = bucket.get
    bucket.get = lambda key: (asked.append(key), plain(key))[1]

    found = look(far, [], days=35, moment=datetime.now(UTC), server=None)

    assert [each.version for each in found.corpora] == ["bible@v1"]
    assert [need.kind for need in found.needs] == ["failed"]
    assert [key for key in asked if key.startswith(("blobs/", "objects/")) or "/data/" in key] == []
