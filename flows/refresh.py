"""The flow of the scheduled deployments: look whether a corpus has changed, and tell of a new version.

`prefect.yaml` says when; the event of a new version starts `flows.experiment`. A refresh that changes nothing publishes
nothing. One that looks wrong ends as Held, to be looked at by somebody, and is told too.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Failed

from corpusmill.errors import HeldError
from flows import cadence, pipeline, published, settings
from flows.artifacts import shown
from flows.forms import Corpus
from flows.stages import Refreshed
from flows.tasks import TASKS, logged

DONE, HELD = "corpusmill.refresh.done", "corpusmill.refresh.held"
SCHEDULE = "corpusmill.schedule"  # a label: who waits for the next refresh knows how long


@flow(name="refresh", flow_run_name="refresh {corpus}")
def refresh(corpus: Corpus, accept: bool = False) -> Refreshed | State[Any]:
    """Collect a corpus, asking only for what may have changed, and build a new version where something has.

    Args:
        corpus: A corpus of the catalogue, or one of your own that is in the store.
        accept: Take what was held for review because it looks wrong.

    """
    job, progress = settings.job(corpus, accept=accept), shown(logged())
    try:
        done = pipeline.refresh(job, published.noted(TASKS), progress)
    except HeldError as held:
        emit_event(HELD, _resource(corpus), payload={"corpus": corpus, "why": held.message, "hint": held.hint})
        return Failed(name="Held", message=str(held), data=held)
    published.tell(job, corpus, done)
    told = {"corpus": corpus, "version": done.version, "snapshot": done.snapshot, "changed": done.changed}
    emit_event(DONE, {**_resource(corpus), SCHEDULE: cadence.schedule(corpus)}, payload=told)
    return done


def _resource(corpus: str) -> dict[str, str]:
    return {"prefect.resource.id": f"corpusmill.corpus.{corpus}", "prefect.resource.name": corpus}
