"""What a Prefect server knows of corpusmill's flow runs: failed, held, running, late and next ones, and its workers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from corpusmill.errors import FlowError
from flows.service.ask import Api

TAG = "corpusmill"
REFRESH = "refresh"  # the flow
HELD = "Held"  # the name of the state of a refresh that looks wrong
LATE = timedelta(seconds=60)  # after which a flow run that is due should have begun
_WAITING = ("AwaitingConcurrencySlot", "AwaitingRetry")  # due, and rightly not begun
_ENDED = ("COMPLETED", "FAILED", "CRASHED")
_AT_WORK = ("RUNNING", "CANCELLING", "PENDING")
_DUE = ("SCHEDULED",)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRun:
    """One flow run. `corpus` is empty where it is about none, or about several."""

    id: str
    name: str  # "refresh/bible", the deployment, or what a run of none is called
    flow: str
    pool: str  # the work pool; empty where it is of none
    corpus: str
    state: str  # its name: "Failed", "Crashed", "Held", "Running", "Late" …
    at: str  # UTC, ISO 8601: when it ended, began, or should have
    seconds: int = 0  # since then
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestra:
    """A server's answer; without one, `why` says why not."""

    url: str
    why: str = ""
    hint: str = ""
    failed: tuple[FlowRun, ...] = ()  # within the days, of which no later one of their kind ended well
    held: tuple[FlowRun, ...] = ()
    running: tuple[FlowRun, ...] = ()
    late: tuple[FlowRun, ...] = ()
    next: dict[str, str] = field(default_factory=dict)  # corpus -> when its next refresh is due: UTC, ISO 8601
    workers: dict[str, int] = field(default_factory=dict)  # work pool -> how many workers are online
    paused: tuple[str, ...] = ()  # work pools that are


def listen(api: Api, days: int, moment: datetime, names: Collection[str] = ()) -> Orchestra:
    """Ask a server about these corpora, or about all. One that does not answer is an answer too."""
    try:
        return _Questions(api, moment, names).answered(days)
    except FlowError as error:
        return Orchestra(url=api.url, why=error.message, hint=error.hint)


class _Questions:
    """What is asked of one server at one moment. Raises FlowError."""

    def __init__(self, api: Api, moment: datetime, names: Collection[str]) -> None:
        self._api, self._moment, self._names = api, moment, names
        self._flows = {each["id"]: each["name"] for each in api.every("flows")}
        self._deployments = {each["id"]: each["name"] for each in api.every("deployments")}

    def answered(self, days: int) -> Orchestra:
        since, soon = (self._moment - timedelta(days=days)).isoformat(), (self._moment - LATE).isoformat()
        ended = self._runs("end_time", _ENDED, end_time={"after_": since})
        late = self._runs("expected_start_time", _DUE, expected_start_time={"before_": soon})
        due = self._runs("expected_start_time", _DUE, expected_start_time={"after_": soon})
        pools = list(self._api.every("work_pools"))
        unsuccessful = _unsuccessful(ended)
        return Orchestra(
            url=self._api.url,
            failed=tuple(run for run in unsuccessful if run.state != HELD),
            held=tuple(run for run in unsuccessful if run.state == HELD),
            running=tuple(self._runs("start_time", _AT_WORK)),
            late=tuple(run for run in late if run.state not in _WAITING),
            next={run.corpus: run.at for run in reversed(due) if run.corpus and run.flow == REFRESH},
            workers={pool["name"]: self._online(pool["name"]) for pool in pools},
            paused=tuple(pool["name"] for pool in pools if pool["is_paused"]),
        )

    def _runs(self, clock: str, states: Collection[str], **which: Any) -> list[FlowRun]:
        """Flow runs of ours, by the time that counts."""
        wanted = {"tags": {"all_": [TAG]}, "state": {"type": {"any_": states}}, **which}
        runs = [self._flow_run(each, clock) for each in self._api.every("flow_runs", flow_runs=wanted)]
        ours = [run for run in runs if not self._names or run.corpus in self._names]
        return sorted(ours, key=lambda run: (run.at, run.id))

    def _flow_run(self, said: dict[str, Any], clock: str) -> FlowRun:
        at = said[clock] or said["created"]
        flow, deployment = self._flows.get(said["flow_id"], ""), self._deployments.get(said["deployment_id"], "")
        return FlowRun(
            id=said["id"],
            name=f"{flow}/{deployment}" if deployment else said["name"],
            flow=flow,
            pool=said["work_pool_name"] or "",
            corpus=_corpus(said["parameters"]),
            state=said["state_name"] or "",
            at=at,
            seconds=max(int((self._moment - datetime.fromisoformat(at)).total_seconds()), 0),
            why=(said["state"] or {}).get("message") or "",
        )

    def _online(self, pool: str) -> int:
        found = self._api.every(f"work_pools/{quote(pool, safe='')}/workers")
        return sum(worker["status"] == "ONLINE" for worker in found)


def _corpus(parameters: dict[str, Any]) -> str:
    """What a flow run is about: `corpusmill run` gives its flow a job, deployments give theirs a corpus."""
    job = parameters.get("job")
    found = parameters.get("corpus") or (job.get("target") if isinstance(job, dict) else "")
    return found if isinstance(found, str) else ""


def _unsuccessful(ended: Iterable[FlowRun]) -> list[FlowRun]:
    """Of each flow and corpus the last, if it did not end well: what was mended since needs nobody."""
    last = {(run.flow, run.corpus or run.name): run for run in ended}
    return [run for run in last.values() if run.state != "Completed"]
