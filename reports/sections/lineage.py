"""Where it came from: the drawing from fetch to report, and the fetches one by one."""

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup

from corpusmill.types import RawFile, Snapshot
from reports import lineage_picture, words
from reports.lineage_picture import LETTERS, Box, Stage
from reports.material import Material
from reports.sections.summary import network
from reports.visible import link, plain

SOURCES = 3  # boxes in the drawing; the rest share one
FETCHES = 12  # rows of the table
DIGITS = 12  # of a SHA-256: enough to tell files apart by eye


@dataclass(frozen=True, slots=True)
class Fetch:
    """One row of the table of fetches."""

    address: Markup
    size: str
    day: str
    answer: str  # status and robots decision, or that the file was here
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The drawing, wide and narrow, and the table."""

    across: Markup
    down: Markup
    words: str
    origin: str
    fetches: tuple[Fetch, ...]
    unlisted: int  # fetches that the table leaves out


def lineage(material: Material) -> Lineage:
    """Material -> the section on where it came from."""
    stages, files = _stages(material), material.snapshot.files
    said = _in_words(material)
    return Lineage(
        across=lineage_picture.across(stages, said),
        down=lineage_picture.down(stages, said),
        words=said,
        origin=material.snapshot.origin,
        fetches=fetches(files[:FETCHES]),
        unlisted=max(0, len(files) - FETCHES),
    )


def fetches(files: Sequence[RawFile]) -> tuple[Fetch, ...]:
    """Rows of the table."""
    return tuple(map(_fetch, files))


def _in_words(material: Material) -> str:
    files = words.count(len(material.snapshot.files), "file")
    started = f", starting from the weights of {material.run.parent}" if material.run.parent else ""
    return (
        f"{files} collected into snapshot {material.snapshot.id} became version {material.version.ref} of "
        f"{words.count(material.rows, 'document')}; run {material.run.id} learnt from it{started}, and this page "
        "reports on it."
    )


def _stages(material: Material) -> tuple[Stage, ...]:
    return (
        Stage("", tuple(_sources(material.snapshot))),
        Stage("collect", (_snapshot(material),)),
        Stage("build", (_version(material),)),
        Stage("train", (_run(material),)),
        Stage("report", (Box("report", "report.html", ("this page",)),)),
    )


def _sources(snapshot: Snapshot) -> Iterator[Box]:
    """A box a host or scheme, the largest first; what goes beyond SOURCES shares one."""
    hosts: dict[str, list[RawFile]] = defaultdict(list)
    for file in snapshot.files:
        hosts[host(file.url)].append(file)
    ranked = sorted(hosts.items(), key=lambda item: (-_bytes(item[1]), item[0]))
    yield from (_source(name, of_host, snapshot.origin) for name, of_host in ranked[:SOURCES])
    if rest := ranked[SOURCES:]:
        more = [file for _, of_host in rest for file in of_host]
        yield Box("sources", f"{len(rest)} more", wrapped(_amount(more)), dashed=True)


def _source(name: str, files: Sequence[RawFile], origin: str) -> Box:
    """Files of one host; one file is named, and for files of this machine where they were."""
    which = files[0].url.rpartition("/")[2] if len(files) == 1 else "" if "." in name else origin
    return Box("source", name, wrapped(which, _amount(files), words.day(files[0].fetched_at)))


def host(address: str) -> str:
    """The host of an address, the scheme of one without; the address itself if it is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts.netloc or parts.scheme or address


def _snapshot(material: Material) -> Box:
    snapshot = material.snapshot
    facts = wrapped(_amount(snapshot.files), f"taken {words.day(snapshot.collected_at)}", material.version.licence)
    return Box("snapshot", snapshot.id, facts)


def _version(material: Material) -> Box:
    version = material.version
    left_out = f"{words.count(version.parsed - material.rows)} left out"
    characters = f"{words.about(sum(shard.characters for shard in version.shards))} characters"
    facts = wrapped(version.id, words.count(material.rows, "document"), characters, left_out)
    return Box("version", version.ref, facts)


def _run(material: Material) -> Box:
    run = material.run
    learnt = f"{material.best.bits_per_byte:.3f} bits per byte"
    started = [f"from {run.parent}"] if run.parent else []
    return Box("run", run.id, wrapped(network(material), learnt, words.day(material.clock.started_at), *started))


def _amount(files: Sequence[RawFile]) -> str:
    return f"{words.count(len(files), 'file')}, {words.size(_bytes(files))}"


def wrapped(*facts: str) -> tuple[str, ...]:
    """Facts as lines of a box, at most two for each."""
    return tuple(line for fact in facts for line in textwrap.wrap(plain(fact), LETTERS, max_lines=2, placeholder="…"))


def _bytes(files: Iterable[RawFile]) -> int:
    return sum(file.bytes for file in files)


def _fetch(file: RawFile) -> Fetch:
    return Fetch(
        address=link(file.url),
        size=words.size(file.bytes),
        day=words.day(file.fetched_at),
        answer=f"{file.status}, robots: {file.robots}" if file.url.startswith("http") else file.robots,
        sha256=file.sha256[:DIGITS],
    )
