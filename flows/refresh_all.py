"""The flow that refreshes many corpora: here, one after another, or as runs that all workers share.

Here it ends with a table of what came of each; what fails for one does not stop the others. As runs it ends when they
are scheduled: it holds no place in the pool while it waits, so a pool of one cannot lock itself up.
"""

from typing import Any, Literal, cast

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Failed

from corpusmill import spec
from corpusmill.errors import FlowError
from flows.forms import Corpus
from flows.refresh import refresh
from flows.stages import Refreshed

KEY = "refresh-all"


@flow(name="refresh-all", flow_run_name="refresh all {where}")
def refresh_all(corpora: tuple[Corpus, ...] = (), where: Literal["workers", "here"] = "workers") -> State[Any]:
    """Refresh many corpora.

    Args:
        corpora: Which; none means the whole catalogue.
        where: workers starts a run of each corpus's own deployment; here does one after another in this run.

    """
    names = list(corpora or spec.names())
    told = [_started(name) if where == "workers" else _done(name) for name in names]
    create_table_artifact(told, KEY, f"{len(told):,} corpora")
    wrong = [row["corpus"] for row in told if row["state"] not in ("Completed", "Scheduled")]
    if wrong:
        return Failed(message=f"{len(wrong):,} of {len(names):,} did not end well: {', '.join(wrong)}")
    return Completed(message=f"{len(names):,} corpora: {told[0]['state'].lower() if told else 'none'}")


def _started(name: str) -> dict[str, str]:
    """A run of the corpus's deployment, which is not waited for; one that is going on already is enough."""
    try:
        run = cast("FlowRun", run_deployment(f"refresh/{name}", timeout=0, as_subflow=False))
    except ObjectNotFound as error:
        hint = "add one to prefect.yaml and deploy it, or refresh with where = here"
        raise FlowError(f"there is no deployment refresh/{name}", hint) from error
    return {"corpus": name, "state": (run.state and run.state.name) or "Scheduled", "what": f"run {run.name}"}


def _done(name: str) -> dict[str, str]:
    """What came of a refresh in this run."""
    state = refresh(name, return_state=True)
    if state.is_completed():
        done = cast("Refreshed", state.result())
        said = f"{done.version}{'' if done.changed else '  (unchanged)'}"
        return {"corpus": name, "state": "Completed", "what": said}
    return {"corpus": name, "state": state.name or state.type.value, "what": state.message or ""}
