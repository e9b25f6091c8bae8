"""The flow of the scheduled deployments: look whether a corpus has changed, and tell of a new version.

`prefect.yaml` says when; the event it emits starts `flows.experiment`. A refresh that changes nothing publishes nothing
and emits nothing.
"""

from prefect import flow
from prefect.events import emit_event

from corpusmill.store import Store, refs
from flows import pipeline, settings
from flows.stages import Refreshed, store_of
from flows.tasks import TASKS, logged

PUBLISHED = "corpusmill.version.published"


@flow(name="refresh", flow_run_name="refresh {corpus}")
def refresh(corpus: str) -> Refreshed:
    """Collect and build a corpus of the catalogue."""
    job, progress = settings.job(corpus), logged()
    done = pipeline.refresh(job, TASKS, progress)
    if done.changed:
        _tell(corpus, done.version, store_of(job))
    return done


def _tell(corpus: str, ref: str, store: Store) -> None:
    version = refs.version(store, ref)
    emit_event(
        PUBLISHED,
        resource={"prefect.resource.id": f"corpusmill.version.{version.id}", "prefect.resource.name": ref},
        payload={"corpus": corpus, "version": ref, "id": version.id},
    )
