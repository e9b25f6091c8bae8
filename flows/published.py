"""Tell Prefect of a new version, at least once, whenever a flow is killed: the event starts `flows.experiment`.

    done = pipeline.refresh(job, noted(TASKS), progress)
    tell(job, corpus, done)

Before a build the store notes which version was the newest; the note goes when Prefect has recorded the event and the
flow runs that it is to begin are there. So a refresh that ends in between, or whose server does, leaves a note, and the
next refresh tells of the version that it finds there. To be told twice does no harm: an experiment that is there is not
made again.
"""

import time
from dataclasses import replace

import httpx
from prefect.client.orchestration import get_client
from prefect.events import Event, emit_event
from prefect.events.filters import EventFilter, EventIDFilter
from prefect.logging import get_run_logger

from corpusmill.store import Store, refs
from corpusmill.types import Progress
from flows import begun, stages
from flows.pipeline import Stages
from flows.stages import Done, Job, Refreshed, store_of

PUBLISHED = "corpusmill.version.published"
NOTE = "untold"
SECONDS = 30.0  # until an event has to be recorded; Prefect writes them down every 5
PAUSE = 0.5
TIMES = 3  # that an event is emitted until what it is to begin is there


def noted(do: Stages) -> Stages:
    """The same stages; a build notes first which version is the newest, unless an earlier one's note is still there."""

    def build(job: Job, snapshot: str, progress: Progress) -> Done:
        store, name = store_of(job), stages.corpus(job).name
        if store.latest(name, NOTE) is None:
            store.set_latest(name, NOTE, str(_newest(store, name)))
        return do.build(job, snapshot, progress)

    return replace(do, build=build)


def tell(job: Job, corpus: str, done: Refreshed, seconds: float = begun.SECONDS) -> None:
    """Emit the event of a version that is newer than the note says, under the name that the refresh was asked for.

    What it is to begin has so many seconds, each time that it is emitted.
    """
    store = store_of(job)
    version = refs.version(store, done.version)
    if version.number > int(store.latest(done.corpus, NOTE) or _newest(store, done.corpus)):
        said = {"corpus": corpus, "version": version.ref, "id": version.id}
        if lacking := _told(said, seconds):
            get_run_logger().warning("%s of %s; the next refresh tells it", lacking, version.ref)
            return
    store.unset(done.corpus, NOTE)


def _told(said: dict[str, str], seconds: float) -> str:
    """Emit the event until it is on record and what it is to begin is there; what is wrong, or nothing."""
    for _ in range(TIMES):
        event = emit_event(
            PUBLISHED,
            resource={
                "prefect.resource.id": f"corpusmill.version.{said['id']}",
                "prefect.resource.name": said["version"],
            },
            payload=said,
        )
        if not event:  # somebody has switched events off
            return ""
        if lacking := _not_recorded(event):
            return lacking
        try:
            idle = begun.idle(event, ("version", "id"), seconds)
        except httpx.HTTPError as error:
            return f"Prefect does not say whether it began a run ({error or type(error).__name__})"
        if not idle:
            return ""
    return f"the event began no run by {', '.join(idle)}"


def _newest(store: Store, corpus: str) -> int:
    """The number of the newest version; 0 where there is none."""
    return max((version.number for version in store.versions(corpus)), default=0)


def _not_recorded(event: Event) -> str:
    """Wait until the server has written an event down, which it does behind our back; what is wrong if it does not."""
    deadline, this, reason = time.monotonic() + SECONDS, EventFilter(id=EventIDFilter(id=[event.id])), ""
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline:
            time.sleep(PAUSE)
            try:
                if client.read_events(this, limit=1).events:
                    return ""
            except httpx.HTTPError as error:
                reason = f" ({error or type(error).__name__})"
    return f"Prefect has no record of the event{reason}"
