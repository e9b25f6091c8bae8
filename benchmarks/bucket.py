"""What a store in a bucket asks of it: S3 requests, seconds and bytes of a refresh, published or unchanged.

    python -m benchmarks bucket [--files N]

moto stands in for S3 on this machine and notes every request; a corpus of one file and one of many are refreshed four
times: new, unchanged, unchanged on another machine, and with one file changed. Seconds are moto's, not Amazon's.
"""

import argparse
import logging
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpusmill.store import opened
from corpusmill.types import silent
from flows.pipeline import PLAIN, refresh
from flows.stages import Job

_LINE = re.compile(r'"([A-Z]+) (\S*)')


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one refresh."""

    asked: Counter[str]  # requests, by verb
    seconds: float
    stored: int  # bytes that the bucket has gained
    changed: bool


class Asked(logging.Handler):
    """Counts moto's lines about requests."""

    def __init__(self) -> None:
        """None has come."""
        super().__init__()
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        if found := _LINE.search(record.getMessage()):
            verb, target = found.groups()
            self.counts["LIST" if verb == "GET" and "list-type" in target else verb] += 1


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks bucket", description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=200, help="of the larger corpus (default 200)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, served() as (environment, heard):
        for files in (1, asked.files):
            corpus = Path(folder, f"corpus-{files}")
            text = sum(path.stat().st_size for path in written(corpus, files))
            print(f"{files} files, {text / 1e6:.2f} MB of text")
            for what, cost in costs(corpus, environment, heard, Path(folder)):
                verbs = ", ".join(f"{count} {verb}" for verb, count in sorted(cost.asked.items()))
                total = sum(cost.asked.values())
                print(f"  {what:28} {total:4} requests {cost.seconds:6.2f} s {cost.stored / 1000:+9.1f} kB  ({verbs})")


def costs(corpus: Path, environment: dict[str, str], heard: Asked, folder: Path) -> Iterator[tuple[str, Cost]]:
    """Each of the four refreshes."""
    here, there = {"CORPUSMILL_CACHE": str(folder / "here")}, {"CORPUSMILL_CACHE": str(folder / "there")}
    steps = (("new", here), ("unchanged", here), ("unchanged, other machine", there), ("one file changed", there))
    for what, cache in steps:
        if what == "one file changed":
            (corpus / "0.txt").write_text("Another verse, and nothing else.\n" * 50, encoding="utf-8")
        yield what, cost(corpus, environment | cache, heard)


def cost(corpus: Path, environment: dict[str, str], heard: Asked) -> Cost:
    """One refresh, as the flow makes it."""
    with set_in(environment):
        before = held(environment)
        heard.counts.clear()
        began = time.perf_counter()
        done = refresh(Job(str(corpus), "s3://corpora/store", workers=1), PLAIN, silent)
        took, counts = time.perf_counter() - began, heard.counts.copy()
        return Cost(counts, took, held(environment) - before, done.changed)


@contextmanager
def set_in(environment: dict[str, str]) -> Iterator[None]:
    """The stages read where a bucket is from the environment of the process."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def held(environment: dict[str, str]) -> int:
    """Bytes of all objects."""
    bucket = opened("s3://corpora/store", environment).bucket
    assert bucket
    return sum(entry.size for entry in bucket.list(""))


def written(folder: Path, files: int) -> list[Path]:
    """A corpus of files, some kilobytes each."""
    folder.mkdir()
    paths = [folder / f"{number}.txt" for number in range(files)]
    for number, path in enumerate(paths):
        lines = (f"Verse {verse} of book {number}: the mill turns {verse * number} times." for verse in range(100))
        path.write_text("\n".join(lines), encoding="utf-8")
    return paths


@contextmanager
def served() -> Iterator[tuple[dict[str, str], Asked]]:
    """An S3 server, what reaches it, and what it has been asked."""
    import boto3  # type: ignore[import-untyped]
    from moto.server import ThreadedMotoServer

    heard = Asked()
    log = logging.getLogger("werkzeug")
    log.setLevel(logging.INFO)
    log.addHandler(heard)
    log.propagate = False
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "miller", "AWS_SECRET_ACCESS_KEY": "grain", "AWS_REGION": "us-east-1"}
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name=keys["AWS_REGION"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket="corpora")
    try:
        yield {**keys, "AWS_ENDPOINT_URL": address}, heard
    finally:
        server.stop()
        log.removeHandler(heard)
