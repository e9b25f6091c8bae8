"""What the store's promises cost: commits and checked reading, many writers at once, and a thousand versions.

    python -m benchmarks store [--megabytes 100] [--rounds 5] [--without rows,delta,commands]

The rows are the Python source of this environment. A version of them is written and committed, digests, page checksums
and syncs included, and read again, every byte checked; side by side with pyarrow's `write_table` and `read_table` of
the same rows with the same compression, which check and sync nothing. The goal is 1.15 times their time.

Six processes commit ten times each to one store, and the same rows to one Delta table by deltalake, whose environment
is made in .venv-deltalake, from the package index, where there is none. From the first commit to the last.

`versions`, `show` and `lineage` are whole commands, Python's start included, on a store of a thousand versions: half a
second is the goal.
"""

import argparse
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import material
from benchmarks.store_writer import row_texts
from corpusmill.store import Store, commit, encode, shards
from corpusmill.store.ids import content_id, document_id, sha256
from corpusmill.types import Document, RawFile, Snapshot

ENVIRONMENT = Path(".venv-deltalake")
DELTALAKE = ("deltalake==1.6.6", "pyarrow==26.0.1")
WRITERS, COMMITS, VERSIONS = 6, 10, 1000
SHARDS = 2  # so many files of 50 MB each


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks store", description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100, help="of text to write and read (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed (default 5)")
    parser.add_argument("--without", default="", help="parts to leave out: rows, delta, commands; commas between")
    asked = parser.parse_args(arguments)
    parts: dict[str, Callable[[Path], None]] = {
        "rows": lambda folder: rows(_documents(asked.megabytes), folder, asked.rounds),
        "delta": lambda folder: writers(folder, asked.rounds),
        "commands": lambda folder: commands(folder, asked.rounds),
    }
    for name, part in parts.items():
        if name not in asked.without.split(","):
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder))


def rows(documents: Sequence[Document], folder: Path, rounds: int) -> None:
    """Write, commit and read, in turn with pyarrow alone."""
    size = sum(len(document.text.encode()) for document in documents)
    print(f"{len(documents):,} rows, {size / 1e6:,.1f} MB of text in {SHARDS} files; median of {rounds}")
    cut = [documents[start::SHARDS] for start in range(SHARDS)]
    times: dict[str, list[float]] = {"write": [], "read": [], "bare write": [], "bare read": []}
    for number in range(rounds):
        bare = folder / f"bare{number}"
        bare.mkdir()
        store = Store(folder / f"store{number}")
        pairs = [
            ("bare write", partial(_write_bare, cut, bare)),
            ("write", partial(_commit, cut, store)),
            ("bare read", partial(_read_bare, bare)),
            ("read", partial(_read, store)),
        ]
        turned = pairs if number % 2 else [pairs[1], pairs[0], pairs[3], pairs[2]]  # who is first finds less in caches
        for name, do in turned:
            times[name].append(_seconds(do))
    median = {name: statistics.median(each) for name, each in times.items()}
    for name, what in (("write", "written and committed"), ("read", "read and checked")):
        ours, bare_ = median[name], median[f"bare {name}"]
        print(f"{what:22} {ours:6.2f} s  pyarrow alone {bare_:6.2f} s  {ours / bare_:5.2f} x")
    ours, bare_ = (median[f"{kind}write"] + median[f"{kind}read"] for kind in ("", "bare "))
    print(f"{'both':22} {ours:6.2f} s  pyarrow alone {bare_:6.2f} s  {ours / bare_:5.2f} x  (goal 1.15)")


def writers(folder: Path, rounds: int) -> None:
    """Six processes that commit ten times each, in turn with deltalake's."""
    programs = {
        "ours": [sys.executable, "-m", "benchmarks.store_writer"],
        "deltalake": [str(_environment()), str(Path(__file__).with_name("delta_job.py"))],
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds):
        for name, program in programs.items():
            times[name].append(_all_at_once([*program, str(folder / f"{name}{number}")]))
    ours, theirs = (statistics.median(times[name]) for name in programs)
    texts = row_texts("0", 0)
    print(f"{WRITERS} writers, {COMMITS} commits each of {len(texts):,} rows, {sum(map(len, texts)) / 1e3:,.0f} kB")
    print(f"  ours                 {ours:6.2f} s  {ours / WRITERS / COMMITS * 1e3:6.1f} ms a commit, each synced")
    print(f"  deltalake            {theirs:6.2f} s  {theirs / ours:5.2f} x")


def commands(folder: Path, rounds: int) -> None:
    """Whole commands on a store of many versions."""
    _fill(Store(folder))
    print(f"commands on a store of {VERSIONS:,} versions; median of {rounds}")
    asked = {
        "--version": (),
        "versions mill": ("--store", str(folder)),
        f"show mill@v{VERSIONS}": ("--store", str(folder)),
        f"lineage mill@v{VERSIONS // 2}": ("--store", str(folder)),
    }
    for command, more in asked.items():
        program = [sys.executable, "-m", "corpusmill", *command.split(), *more]

        run = partial(subprocess.run, program, check=True, stdout=subprocess.DEVNULL)
        seconds = statistics.median(_seconds(run) for _ in range(rounds))
        goal = "  (goal 0.5)" if more else "  Python and its imports alone"
        print(f"  corpusmill {command:20} {seconds:6.2f} s{goal}")


def _documents(megabytes: float) -> list[Document]:
    """Files of Python source up to that size, in order of their ids."""
    found, left, places = [], megabytes * 1e6, sysconfig.get_paths()
    for path in sorted({*Path(places["stdlib"]).rglob("*.py"), *Path(places["purelib"]).rglob("*.py")}):
        body, name = path.read_bytes(), str(path)
        text = body.decode(errors="replace")
        found.append(Document(id=document_id(name), text=text, source=name, raw_sha256=sha256(body), title=name))
        left -= len(body)
        if left < 0:
            break
    return sorted(found, key=lambda document: document.id)


def _commit(cut: Sequence[Sequence[Document]], store: Store) -> None:
    final = store.corpus("mill") / "versions" / "v000001"
    with commit.work_folder(final) as work:
        (work / "data").mkdir()
        paths = [f"data/train-{number:05d}-of-{len(cut):05d}.parquet" for number in range(len(cut))]
        written = [shards.write(work, path, "train", each) for path, each in zip(paths, cut, strict=True)]
        store.publish(work, final, material.described("mill", 1, tuple(written)))


def _read(store: Store) -> None:
    (version,) = store.versions("mill")
    folder = store.version_folder(version)
    for shard in version.shards:
        shards.read(folder, shard)


def _write_bare(cut: Sequence[Sequence[Document]], folder: Path) -> None:
    for number, documents in enumerate(cut):
        columns = {name: [getattr(document, name) for document in documents] for name in shards.COLUMNS[:-1]}
        table = pa.table({**columns, "meta": ["{}"] * len(documents)})
        pq.write_table(table, folder / f"{number}.parquet", compression="zstd", compression_level=3)


def _read_bare(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        pq.read_table(path)


def _all_at_once(program: list[str]) -> float:
    """Seconds from when all may begin until all have ended; a first commit, which makes the table, is not counted."""
    subprocess.run([*program, "first", "1"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    started = [
        subprocess.Popen([*program, str(n), str(COMMITS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(WRITERS)
    ]
    for process in started:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
    start = time.perf_counter()
    for process in started:
        assert process.stdin
        process.stdin.close()
    if sum(process.wait() for process in started):
        raise OSError(f"{program[0]} failed")
    return time.perf_counter() - start


def _fill(store: Store) -> None:
    """A version a snapshot, each as large as those of a small real corpus; nothing of it is synced."""
    one = material.version(store, "mill", {"train": ["grain " * 1000] * 20, "validation": ["flour " * 100]})
    vocabulary = {chr(number): number * 7 for number in range(32, 332)}
    stats = {"vocabulary": {"total": vocabulary, "train": vocabulary}}
    for number in range(1, VERSIONS + 1):
        id_, before = content_id(number), content_id(number - 1) if number > 1 else None
        url = f"https://host/{number}"
        file = RawFile(url=url, final_url=url, status=200, sha256="5" * 64, bytes=5, licence="CC0-1.0")
        at = f"2026-01-01T{number // 60:02d}:{number % 60:02d}:00+00:00"
        taken = Snapshot(corpus="mill", id=id_, origin=url, files=(file,), collected_at=at)
        made = replace(one, id=id_, number=number, parent=before, snapshot=id_, build_key=id_, stats=stats)
        for path, manifest in ((f"versions/{made.name}", made), (f"snapshots/{id_}", taken)):
            folder = store.corpus("mill") / path
            folder.mkdir(parents=True, exist_ok=True)
            (folder / commit.MANIFEST).write_bytes(encode(manifest))


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _environment() -> Path:
    """The interpreter that has deltalake."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *DELTALAKE], check=True)
    return python.absolute()
