"""What each manifest adds to a graph: fetches to a snapshot, a version, a run with its samples and its report.

    stages.version(builder, version, [stages.snapshot(builder, taken, taken.files)])

Each returns the id of its node, for what was made of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from corpusmill.lineage.graph import Builder, Node, counted
from corpusmill.store import Store, recited, refs
from corpusmill.types import RawFile, Run, Snapshot, Version

NAMED = 3  # files of one host, or samples of one run, that a graph names; more become one node with a count
_DIGITS = 12  # of a digest: enough to tell bodies apart, and to ask for one


def snapshot(builder: Builder, taken: Snapshot, files: Iterable[RawFile]) -> str:
    """A snapshot with those of its files that matter: each source, and what was fetched of it."""
    ref = refs.ref_of(taken)
    fetched = [_fetch(builder, host, of_host, ref) for host, of_host in _by_host(files)]
    node = Node(ref, "snapshot", (counted(len(taken.files), "file"), f"collected {taken.collected_at[:10]}"))
    return builder.add(node, [fetch for of_host in fetched for fetch in of_host])


def documents(builder: Builder, version: Version, made_of: Iterable[str], kept: int | None = None) -> str:
    """The documents of a version as one node; with `kept`, so many of them as matter."""
    rows = _rows(version)
    facts = (
        (f"{counted(rows, 'document')} kept", f"{sum(version.drops.values()):,} left out")
        if kept is None
        else (f"{kept:,} of {counted(rows, 'document')}",)
    )
    return builder.add(Node(f"{version.ref}/documents", "document", facts), made_of)


def version(builder: Builder, made: Version, made_of: Iterable[str]) -> str:
    """A version."""
    characters = sum(shard.characters for shard in made.shards)
    facts = (counted(_rows(made), "document"), counted(characters, "character"), made.licence)
    removed = (counted(sum(r.documents for r in made.removals), "document") + " taken out",) if made.removals else ()
    return builder.add(Node(made.ref, "version", (*facts, *removed)), made_of)


def run(builder: Builder, store: Store, trained: Run, made_of: Iterable[str], samples: Sequence[str] = ()) -> str:
    """A run, the runs that its weights go back to, its samples (these, or all) and its report."""
    folder = store.corpus(trained.corpus) / "runs" / trained.id
    ref = builder.add(_run(store, trained), [*made_of, *_parents(builder, store, trained)])
    wrote = [builder.add(node, [ref]) for node in _samples(trained, samples)]
    report = folder / "report.html"
    if store.holds(report):
        builder.add(Node(str(report), "report", ()), wrote or [ref])
    return ref


def _run(store: Store, trained: Run) -> Node:
    folder = store.corpus(trained.corpus) / "runs" / trained.id
    facts = f"{trained.best['bits_per_byte']:.3f} bits per byte", counted(trained.parameters, "parameter")
    started = (f"started from {trained.parent}",) if trained.parent else ()
    tainted = ("learnt from documents that were taken out since",) if store.holds(folder / recited.FILE) else ()
    return Node(trained.ref, "run", (*facts, *started, *tainted))


def _parents(builder: Builder, store: Store, trained: Run) -> list[str]:
    """The run whose weights it started from, that run's own, and so on."""
    if not trained.parent:
        return []
    if parent := recited.parent_of(store, trained):
        return [builder.add(_run(store, parent), _parents(builder, store, parent))]
    return [builder.add(Node(trained.parent, "run", ("gone",)))]


def samples_of(trained: Run) -> list[str]:
    """The files of a run that hold what it wrote, relative to its folder."""
    return sorted(name for name in trained.files if name.startswith("samples/"))


def _rows(made: Version) -> int:
    return sum(shard.rows for shard in made.shards)


def _samples(trained: Run, wanted: Sequence[str]) -> Iterator[Node]:
    names = wanted or samples_of(trained)
    if len(names) > NAMED:
        yield Node(f"{trained.ref}/samples", "sample", (counted(len(names), "file"),))
        return
    for name in names:
        yield Node(f"{trained.ref}/{name}", "sample", ())


def _by_host(files: Iterable[RawFile]) -> Iterator[tuple[str, list[RawFile]]]:
    """Files of a host together where it gave many, else one by one under no name."""
    hosts: dict[str, list[RawFile]] = defaultdict(list)
    for file in files:
        hosts[_host(file.url)].append(file)
    for host, of_host in hosts.items():
        if len(of_host) <= NAMED:
            yield from (("", [file]) for file in of_host)
        else:
            yield host, of_host


def _host(address: str) -> str:
    """The host of an address, the scheme of one without; the address itself if it is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts.netloc or parts.scheme or address


def _fetch(builder: Builder, host: str, files: list[RawFile], ref: str) -> list[str]:
    """One source with what was fetched of it: a file, or a host with all it gave to this snapshot."""
    if host:
        source = builder.add(Node(host, "source", (counted(len(files), "file"),)))
        return [builder.add(Node(f"{host} for {ref}", "fetch", tuple(_told(files))), [source])]
    (file,) = files
    elsewhere = (f"redirected to {file.final_url}",) if file.final_url not in ("", file.url) else ()
    source = builder.add(Node(file.url, "source", elsewhere))
    moment = f"{file.fetched_at or f'sha256 {file.sha256[:_DIGITS]}'} {file.url}"
    body = (
        (f"{file.bytes:,} bytes", f"sha256 {file.sha256[:_DIGITS]}")
        if file.status == HTTPStatus.OK
        else ("nothing there",)
    )
    facts = (f"status {file.status}", *body, f"robots {file.robots}", *([file.licence] if file.licence else []))
    return [builder.add(Node(moment, "fetch", facts), [source])]


def _told(files: Sequence[RawFile]) -> Iterator[str]:
    """What is worth saying of many fetches; each thing that they say, with how many do where not all do."""
    statuses = Counter(file.status for file in files)
    yield "status " + ", ".join(f"{status} of {count:,}" for status, count in sorted(statuses.items()))
    yield f"{sum(file.bytes for file in files):,} bytes"
    days = sorted({file.fetched_at[:10] for file in files})
    yield days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    yield "robots " + " or ".join(sorted({file.robots for file in files}))
    yield " or ".join(sorted({file.licence for file in files} - {""}))
