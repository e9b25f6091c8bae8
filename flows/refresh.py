"""The flow of the scheduled deployments: look whether a corpus has changed, and tell of a new version.

`prefect.yaml` says when; the event it emits starts `flows.experiment`. A refresh that changes nothing publishes nothing
and emits nothing.
"""

from pathlib import Path

from prefect import flow
from prefect.events import emit_event

from corpusmill.store import Store, refs
from flows import settings
from flows.stages import Done
from flows.tasks import TASKS, logged

PUBLISHED = "corpusmill.version.published"


@flow(name="refresh", flow_run_name="refresh {corpus}")
def refresh(corpus: str) -> Done:
    """Collect and build a corpus of the catalogue."""
    job, progress = settings.job(corpus), logged()
    snapshot = TASKS.collect(job, progress)
    version = TASKS.build(job, snapshot.ref, progress)
    if version.made:
        _tell(corpus, version.ref, Store(Path(job.store)))
    return version


def _tell(corpus: str, ref: str, store: Store) -> None:
    version = refs.version(store, ref)
    emit_event(
        PUBLISHED,
        resource={"prefect.resource.id": f"corpusmill.version.{version.id}", "prefect.resource.name": ref},
        payload={"corpus": corpus, "version": ref, "id": version.id},
    )
