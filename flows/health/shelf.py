"""What a store knows of a corpus: how new it is, what is held, what was begun and cut off. Nothing here writes."""

import fcntl
from dataclasses import dataclass
from datetime import UTC, datetime

from corpusmill.errors import CorruptError
from corpusmill.spec import names
from corpusmill.store import Store
from corpusmill.types import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One corpus. Moments are UTC, ISO 8601; what there is not is empty."""

    corpus: str
    declared: bool  # of the catalogue: somebody may expect it to be refreshed
    version: str = ""  # ref of the latest
    checked: str = ""  # when its source was last asked
    changed: str = ""  # when what the source has now was first fetched
    days: int | None = None  # since it was checked
    held: str = ""  # ref of a snapshot that looks wrong and waits for somebody
    run: str = ""  # ref of the newest
    trained: str = ""  # when that began
    bits_per_byte: float | None = None  # on validation
    stopped: tuple[str, ...] = ()  # trainings that were cut off, by the id their run would have
    damaged: str = ""  # what cannot be read, and why


def look(store: Store, name: str, moment: datetime) -> Shelf:
    """What the store knows of a corpus. Raises UnknownNameError for what cannot be a name, StoreError."""
    declared = name in names()
    try:
        return _look(store, name, moment, declared=declared)
    except CorruptError as error:
        return Shelf(corpus=name, declared=declared, damaged=error.message)


def begun(store: Store, name: str) -> list[str]:
    """Trainings of a corpus that this machine began and has not finished, by the id their run would have."""
    found = sorted((store.corpus(name) / "runs").glob(".*.work"))
    return [path.name.removeprefix(".").removesuffix(".work") for path in found]


def is_held(store: Store, name: str, stage: str) -> bool:
    """Whether a process of this machine holds a stage, or a training; asking takes it from nobody and makes no file."""
    try:
        file = (store.root / "locks" / f"{name}.{stage}.lock").open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _look(store: Store, name: str, moment: datetime, *, declared: bool) -> Shelf:
    snapshot, held = store.latest_snapshot(name), store.latest(name, "held")
    latest = store.latest(name, "latest")
    version = store.version(name, latest) if latest else store.latest_version(name)
    run = _newest(store, name)
    checked = (store.latest(name, "checked") or snapshot.collected_at) if snapshot else ""
    return Shelf(
        corpus=name,
        declared=declared,
        version=version.ref if version else "",
        checked=checked,
        changed=snapshot.collected_at if snapshot else "",
        days=(moment - _moment(checked)).days if checked else None,
        held=f"{name}/snapshots/{held}" if held else "",
        run=run.ref if run else "",
        trained=str(run.clock.get("started_at", "")) if run else "",
        bits_per_byte=run.best["bits_per_byte"] if run else None,
        stopped=tuple(each for each in begun(store, name) if not is_held(store, name, each)),
    )


def _newest(store: Store, name: str) -> Run | None:
    runs = store.runs(name)
    return runs[-1] if runs else None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
