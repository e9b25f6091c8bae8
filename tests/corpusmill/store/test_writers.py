"""Many writers at once, on a disk and in a bucket: a number has one winner, and the versions are one chain.

CORPUSMILL_FAULTS=all lets 16 writers meet 200 times each; else they meet less often.
"""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corpusmill.store import Store
from corpusmill.store.bucket import S3
from corpusmill.store.objects import Steady
from corpusmill.types import Version
from tests.corpusmill.store.buckets import Memory, Shim, busy, losing
from tests.corpusmill.store.writers import add, assert_one_chain, assert_whole, race

ROOT = Path(__file__).parents[3]
WRITERS = 16
ALL = os.environ.get("CORPUSMILL_FAULTS") == "all"
DISK, SERVER, MEMORY = (200, 200, 200) if ALL else (6, 2, 8)


def stores(bucket, tmp_path: Path) -> list[Store]:
    """Each writer's own: the same bucket, another working copy."""
    return [Store(tmp_path / f"copy{number}", bucket) for number in range(WRITERS)]


def meet(writers: list[Store], rounds: int) -> None:
    """All of them try at once to publish a number, round after round: each time one does."""
    together = threading.Barrier(len(writers))
    last = None

    def one(place: int, store: Store) -> Version | None:
        together.wait()
        return race(store, f"{place} after {last and last.number}", last)

    with ThreadPoolExecutor(len(writers)) as pool:
        for number in range(1, rounds + 1):
            (last,) = filter(None, list(pool.map(one, range(len(writers)), writers)))
            assert last.number == number


@pytest.mark.timeout(3600)
def test_on_a_disk_each_number_has_one_winner(tmp_path):
    meet([Store(tmp_path)] * WRITERS, DISK)
    assert_one_chain(Store(tmp_path), DISK)


@pytest.mark.timeout(3600)
def test_in_a_bucket_each_number_has_one_winner(url, aws, tmp_path):
    meet(stores(Steady(S3(url, aws)), tmp_path), SERVER)
    assert_one_chain(Store(tmp_path / "reader", S3(url, aws)), SERVER)


@pytest.mark.parametrize(
    "shim",
    [
        lambda bucket: bucket,
        lambda bucket: Shim(bucket, before=busy(3)),
        lambda bucket: Shim(bucket, after=losing(("create", "put", "copy", "list"), 2)),
    ],
    ids=["as it should be", "busy", "losing answers"],
)
@pytest.mark.timeout(3600)
def test_each_number_has_one_winner_whatever_the_server_does(shim, tmp_path):
    bucket = Memory()
    writers = [Store(store.root, Steady(shim(bucket), sleep=lambda _: None)) for store in stores(None, tmp_path)]
    meet(writers, MEMORY)
    assert_one_chain(Store(tmp_path / "reader", bucket), MEMORY)
    assert not [key for key in bucket.held if key.startswith("commits/")]


@pytest.mark.timeout(3600)
def test_processes_that_publish_at_once_make_one_chain_on_a_disk(tmp_path):
    rounds, count = (12, WRITERS) if ALL else (3, 3)
    command = [sys.executable, "-m", "tests.corpusmill.store.writers", str(tmp_path)]
    writers = [
        subprocess.Popen(
            [*command, str(place), str(rounds)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for place in range(count)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    got = [json.loads(writer.communicate()[0]) for writer in writers]
    assert sorted(number for numbers in got for number in numbers) == list(range(1, count * rounds + 1))
    assert all(sorted(numbers) == numbers for numbers in got)
    assert_one_chain(Store(tmp_path), count * rounds)


@pytest.mark.timeout(3600)
def test_writers_that_publish_at_once_make_one_chain_in_a_bucket(tmp_path):
    bucket, rounds = Memory(), 20 if ALL else 2
    writers = stores(bucket, tmp_path)
    with ThreadPoolExecutor(WRITERS) as pool:
        made = pool.map(lambda at: [add(writers[at], f"{at} {n}")[1] for n in range(rounds)], range(WRITERS))
        assert all(all(each) for each in made)
    assert_one_chain(Store(tmp_path / "reader", bucket), WRITERS * rounds)


def test_of_writers_with_the_same_content_one_publishes_and_the_others_find_it(tmp_path):
    for writers in ([Store(tmp_path)] * 8, stores(Memory(), tmp_path)[:8]):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda store: add(store, "the same"), writers))
        assert sum(made for _, made in found) == 1
        assert {version.number for version, _ in found} == {1}


def test_a_reader_sees_whole_versions_only_while_they_are_published(tmp_path):
    bucket, ended, seen = Memory(), threading.Event(), []

    def read(place: int) -> None:
        while not ended.is_set():
            reader = Store(tmp_path / f"reader{place}-{len(seen)}", bucket)
            for found in reader.versions("bible"):
                assert_whole(reader, found)
            seen.append(len(reader.versions("bible")))

    writer = Store(tmp_path / "writer", bucket)
    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read, place) for place in range(2)]
        for number in range(12):
            add(writer, f"text {number}")
        ended.set()
        for reader in readers:
            reader.result()
    assert seen
