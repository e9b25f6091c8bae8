"""How long it takes to build the kernel corpus: 55,000 files of C from a .tar.xz to a version, statistics included.

    python -m benchmarks build [--file linux-source-6.1.tar.xz] [--rounds 3] [--without near,change,datatrove]

Side by side with ``xz -dc FILE | sha256sum``, which does nothing with what it unpacks: the goal is twice its time, 6
times with near-duplicates. The same with 1 and 2 workers must give the same version. One file changed, in a snapshot of
loose files, is to be built in a tenth of the time that all of them take.

And against datatrove, with as many processes, its documents given as JSON lines and ours as those loose files, to
deduplicated Parquet: exactly, and, for every sixteenth of them, with near-duplicates. The goal is a third of its time.
Ours are a version then, with statistics, splits, and the digest of every row; its environment is made in
.venv-datatrove, from the package index, where there is none.

Each is a process of its own, and its time is from start to end; CPU seconds tell what other work on the machine hides.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from benchmarks.archive import linux
from corpusmill import archive, processors
from corpusmill.store import blobs
from corpusmill.store.ids import content_id, file_sha256, sha256
from corpusmill.types import RawFile, Snapshot

HOST = "https://cdn.kernel.org"
NEAR = {"threshold": 0.8}
ENVIRONMENT = Path(".venv-datatrove")
DATATROVE = ("datatrove[io,processing]==0.10.1", "spacy==3.8.18")  # which it tokenizes English with
PART = 16  # of so many documents one, for what takes datatrove a quarter of an hour
JSON_FILES = 8  # that datatrove is given, so that its processes have something to share
Told = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks build", description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, help="a .tar.xz of source (default: Debian's linux-source, if installed)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (default 3)")
    parser.add_argument("--without", default="", help="parts to leave out: near, change, datatrove; commas between")
    asked = parser.parse_args(arguments)
    file, without = asked.file or linux(), asked.without.split(",")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(file, Path(folder), asked.rounds)
        bench.against_xz()
        if "near" not in without:
            bench.near()
        if "change" not in without:
            bench.change()
        if "datatrove" not in without:
            bench.datatrove()


class Bench:
    """The archive as a snapshot in a store, and what is timed on it."""

    def __init__(self, file: Path, folder: Path, rounds: int) -> None:
        """Put the archive into a store."""
        self._file, self._folder, self._rounds = file, folder, rounds
        self._workers = processors.available()
        digest, size = file_sha256(file), file.stat().st_size
        with file.open("rb") as body:
            blobs.put_stream(folder, body, digest, size)
        self._archive = self._snapshot([_raw(file.name, digest, size)])
        print(f"{file.name}, {size / 1e6:,.1f} MB; {self._workers} processors, median of {rounds}")

    def against_xz(self) -> None:
        """The whole build in turn with xz; then with one worker."""
        xz, ours = [], []
        for _ in range(self._rounds):
            xz.append(_timed(["sh", "-c", f"xz -dc '{self._file}' | sha256sum"])[0])
            ours.append(self._build(self._archive, self._workers))
        base, seconds = statistics.median(xz), statistics.median(told["seconds"] for told in ours)
        told = ours[-1]
        print(f"xz -dc | sha256sum   {base:7.2f} s")
        print(f"build, {self._workers} workers     {seconds:7.2f} s  {seconds / base:5.2f} x  (goal 2.0, aim 1.6)")
        cpu = statistics.median(each["cpu"] for each in ours)
        print(f"  {told['documents']:,} documents, {told['bytes'] / 1e6:,.0f} MB, {told['drops']}")
        print(f"  {cpu:.1f} CPU s; memory, all processes {told['memory'] / 1e6:,.0f} MB")
        one = self._build(self._archive, 1)
        same = all(one[key] == each[key] for each in ours for key in ("version", "shards"))
        print(f"build, 1 worker      {one['seconds']:7.2f} s  the same version: {'yes' if same else 'NO'}")
        self._base = base

    def near(self) -> None:
        """Near-duplicates too."""
        taken = [self._build(self._archive, self._workers, NEAR) for _ in range(self._rounds)]
        seconds = statistics.median(told["seconds"] for told in taken)
        print(f"near-duplicates too  {seconds:7.2f} s  {seconds / self._base:5.2f} x  (goal 6)  {taken[0]['drops']}")

    def change(self) -> None:
        """One file of a snapshot of loose files changed."""
        files = self._loose
        old = files[len(files) // 2]
        body = blobs.get(self._folder, old.sha256) + b"/* one more line */\n"
        new = replace(old, sha256=blobs.put(self._folder, body), bytes=len(body))
        before, after = self._snapshot(files), self._snapshot([new if file is old else file for file in files])
        full, again = [], []
        for _ in range(self._rounds):
            full.append(self._build(before, self._workers)["seconds"])
            again.append(self._build(after, self._workers, fresh=False)["seconds"])
        whole, one = statistics.median(full), statistics.median(again)
        print(f"loose files, all     {whole:7.2f} s")
        print(f"loose files, one new {one:7.2f} s  {100 * one / whole:5.1f} %  (goal 10)")

    def datatrove(self) -> None:
        """The same documents by datatrove; unpacking and making JSON of them is not counted."""
        self._beside_datatrove("exact", self._loose, None)
        self._beside_datatrove("near", self._loose[::PART], NEAR)

    def _beside_datatrove(self, how: str, files: list[RawFile], near: Told | None) -> None:
        """Each in turn, on the same documents."""
        snapshot, lines, out = self._snapshot(files), self._folder / f"{how}-lines", self._folder / f"{how}-trove"
        size = self._write_lines(lines, files)
        job = [str(_environment()), str(Path(__file__).with_name("datatrove_job.py"))]
        job += [str(lines), str(out), str(self._workers), how]
        ours, theirs = [], []
        for _ in range(self._rounds):
            ours.append(self._build(snapshot, self._workers, near))
            shutil.rmtree(out, ignore_errors=True)
            theirs.append(_timed(job))
        base, seconds = (statistics.median(each) for each in ([o["seconds"] for o in ours], [s for s, _ in theirs]))
        print(f"{how} duplicates of {len(files):,} loose files, {size / 1e6:,.0f} MB")
        print(f"  ours               {base:7.2f} s          {ours[0]['documents']:,} documents")
        kept = json.loads(theirs[0][1].splitlines()[-1])["documents"]
        print(f"  datatrove          {seconds:7.2f} s  {seconds / base:5.2f} x  {kept:,} documents  (goal 3)")

    def _build(self, snapshot: Path, workers: int, near: Told | None = None, *, fresh: bool = True) -> Told:
        if fresh:
            shutil.rmtree(self._folder / "kernel", ignore_errors=True)
        asked = {"store": str(self._folder), "snapshot": str(snapshot), "workers": workers, "near": near}
        seconds, said = _timed([sys.executable, "-m", "benchmarks.kernel"], json.dumps(asked))
        return {**json.loads(said), "seconds": seconds}

    def _snapshot(self, files: list[RawFile]) -> Path:
        identity = content_id([(file.url, file.sha256) for file in files])
        made = Snapshot(corpus="kernel", id=identity, origin=HOST, files=tuple(files), collected_at="")
        path = self._folder / f"{identity}.json"
        path.write_bytes(msgspec.json.encode(made))
        return path

    @cached_property
    def _loose(self) -> list[RawFile]:
        """Each file that is not empty as a blob of its own; not synced one by one, as a collect would do."""
        files = []
        packer = zstandard.ZstdCompressor(level=blobs.LEVEL, write_checksum=True)
        with self._file.open("rb") as stream:
            for name, body in archive.members(stream, wanted=lambda name: name.endswith((".c", ".h"))):
                digest = sha256(body)
                path = blobs.blob_path(self._folder, digest)
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(packer.compress(body))
                if body:
                    files.append(_raw(name, digest, len(body)))
        return files

    def _write_lines(self, folder: Path, of: list[RawFile]) -> int:
        """Documents as datatrove reads them; returns their bytes of text."""
        folder.mkdir()
        files = [(folder / f"{number}.jsonl").open("wb") for number in range(JSON_FILES)]
        size = 0
        for number, raw in enumerate(of):
            text = blobs.get(self._folder, raw.sha256).decode(errors="replace")
            size += len(text.encode())
            files[number % JSON_FILES].write(msgspec.json.encode({"id": raw.url, "text": text}) + b"\n")
        for file in files:
            file.close()
        return size


def _raw(name: str, digest: str, size: int) -> RawFile:
    url = f"{HOST}/{name}"
    return RawFile(url=url, final_url=url, status=200, sha256=digest, bytes=size)


def _timed(command: list[str], said: str = "") -> tuple[float, str]:
    """Seconds from start to end, and what it wrote."""
    start = time.perf_counter()
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()[-2000:]}")
    return took, done.stdout


def _environment() -> Path:
    """The interpreter that has datatrove."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *DATATROVE], check=True)
    return python.absolute()
