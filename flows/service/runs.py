"""Flow runs that one `up` has under way, and what becomes of them when it ends: they go on at the next one."""

from collections.abc import Iterable
from contextlib import suppress

from corpusmill.errors import FlowError
from flows.service.ask import Api, named
from flows.service.processes import marked, setting

VARIABLE = "PREFECT__FLOW_RUN_ID"  # in the environment of each flow run that a worker starts
_OVER = ("COMPLETED", "FAILED", "CANCELLED", "SCHEDULED")
_ENDED = "corpusmill down ended its worker"


def under_way(mark: str) -> tuple[str, ...]:
    """The ids of those that run."""
    return tuple(sorted({found for each in marked(mark) if (found := setting(each.pid, VARIABLE))}))


def put_back(api: Api, ids: Iterable[str]) -> None:
    """Let what was ended be taken up by the next worker: what it had finished is skipped then.

    One that had not even begun cannot say itself that it crashed; both steps are those of Prefect's own Retry.
    """
    for each in ids:
        with suppress(FlowError):  # the history is Prefect's; the store has what was finished
            run = api.get(named("flow_runs", each))
            if not run or run["state_type"] in _OVER:
                continue
            if run["state_type"] != "CRASHED":
                _set(api, each, type="CRASHED", name="Crashed", message=_ENDED)
            if run["deployment_id"]:
                _set(api, each, type="SCHEDULED", name="AwaitingRetry", message=f"{_ENDED}; it goes on at the next up")


def planned(api: Api, deployment: str) -> int:
    """How many runs of a deployment are planned."""
    wanted = {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    return int(api.post("flow_runs/count", flow_runs=wanted))


def late(api: Api) -> int:
    """How many are due and nobody has taken."""
    return int(api.post("flow_runs/count", flow_runs={"state": {"name": {"any_": ["Late"]}}}))


def _set(api: Api, run: str, **state: str) -> None:
    api.post(f"{named('flow_runs', run)}/set_state", state=state)
