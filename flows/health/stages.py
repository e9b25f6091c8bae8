"""How the stages of a store ended last, whoever ran them: what `flows.told` wrote into STORE/lineage, read back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from corpusmill.store import Store
from flows.health.shelf import begun, is_held

STAGES = ("collect", "build", "train", "report")
ENDS = {"FAIL": "failed", "ABORT": "stopped", "START": "cut off"}
_BORN = re.compile(r"openlineage-(\d{8}T\d{6})-")  # when the process began that wrote a file
_LONGEST = timedelta(days=30)  # that a process is taken to work
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The last run of a stage of a corpus, which did not end well."""

    corpus: str
    stage: str
    end: str  # one of ENDS
    at: str  # UTC, ISO 8601
    why: str = ""
    given: str = ""  # ref of the version that a training learns from, where it is known


class _Message(msgspec.Struct):
    message: str = ""


class _Tag(msgspec.Struct):
    key: str
    value: str


class _Tags(msgspec.Struct):
    tags: list[_Tag] = []


class _Facets(msgspec.Struct):
    error: _Message = msgspec.field(name="errorMessage", default_factory=_Message)
    tags: _Tags = msgspec.field(default_factory=_Tags)


class _Named(msgspec.Struct):
    name: str = ""
    facets: _Facets = msgspec.field(default_factory=_Facets)


class _Run(msgspec.Struct):
    facets: _Facets = msgspec.field(default_factory=_Facets)


class _Event(msgspec.Struct):
    kind: str = msgspec.field(name="eventType")
    at: str = msgspec.field(name="eventTime")
    job: _Named
    run: _Run
    inputs: list[_Named] = []


def unsuccessful(store: Store, days: int, moment: datetime) -> Iterator[Last]:
    """Stages whose last run within so many days did not end well, by corpus."""
    since = moment - timedelta(days=days)
    last: dict[tuple[str, str], _Event] = {}
    for event in _events(store, since):
        corpus, _, stage = event.job.name.rpartition(".")
        key = corpus, stage
        if stage in STAGES and (key not in last or last[key].at <= event.at):
            last[key] = event
    for (corpus, stage), event in sorted(last.items()):
        if event.kind in ENDS and not (event.kind == "START" and _is_at_work(store, corpus, stage, event, moment)):
            yield Last(
                corpus=corpus,
                stage=stage,
                end=ENDS[event.kind],
                at=event.at,
                why=event.run.facets.error.message,
                given=next(filter(None, map(_ref, event.inputs)), ""),
            )


def _events(store: Store, since: datetime) -> Iterator[_Event]:
    """Events since a moment. A line that is cut short or not one of ours is passed over."""
    decoder = msgspec.json.Decoder(_Event)
    for path in _files(store, since):
        for line in path.read_bytes().splitlines():
            try:
                event = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            if datetime.fromisoformat(event.at) >= since:
                yield event


def _files(store: Store, since: datetime) -> list[Path]:
    """The files that may have such events; from a bucket only these are fetched."""
    folder = store.root / "lineage"
    if store.bucket:
        found = [store.root / entry.key for entry in store.bucket.list("lineage/") if entry.changed >= since]
        for path in found:
            store.take(path)
        return found
    return [path for path in sorted(folder.glob("openlineage-*.jsonl")) if _may_have(path, since)]


def _may_have(path: Path, since: datetime) -> bool:
    born = _BORN.match(path.name)
    return not born or datetime.strptime(f"{born[1]}+0000", "%Y%m%dT%H%M%S%z") >= since - _LONGEST


def _is_at_work(store: Store, corpus: str, stage: str, event: _Event, moment: datetime) -> bool:
    """Whether who began a stage may still be at it: another machine for a day at most, this one while it has a lock."""
    if store.bucket and moment - datetime.fromisoformat(event.at).astimezone(UTC) < _A_DAY:
        return True
    locks = begun(store, corpus) if stage == "train" else [stage]
    return any(is_held(store, corpus, lock) for lock in locks)


def _ref(given: _Named) -> str:
    """What a data set is called on the command line: a version's ref is among its tags."""
    return next((tag.value for tag in given.facets.tags.tags if tag.key == "ref"), "")
