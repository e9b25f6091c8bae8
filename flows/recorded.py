"""Wait until Prefect has recorded what a flow did.

The states of task runs travel as events, behind the flow's back; a command that ends at once would lose them: of twenty
short tasks in a flow, a server of its own kept fifteen.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import ParamSpec

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.context import FlowRunContext, get_run_context
from prefect.logging import get_logger

from flows.pipeline import Stages
from flows.stages import Done

P = ParamSpec("P")
SECONDS = 20.0  # an idle server needs half of one
PAUSE = 0.1


@contextmanager
def recorded(do: Stages, seconds: float = SECONDS) -> Iterator[Stages]:
    """The same stages, within a flow; on leaving, Prefect has recorded the end of each that began, or warns."""
    begun: list[object] = []

    def counted(stage: Callable[P, Done]) -> Callable[P, Done]:
        def begin(*args: P.args, **kwargs: P.kwargs) -> Done:
            begun.append(stage)
            return stage(*args, **kwargs)

        return begin

    try:
        yield Stages(**{stage.name: counted(getattr(do, stage.name)) for stage in fields(do)})
    finally:
        _wait(len(begun), seconds)


def _wait(expected: int, seconds: float) -> None:
    """A history with gaps is worth a warning, not a failure: the store has everything."""
    deadline, ended, reason = time.monotonic() + seconds, 0, ""
    while ended < expected and time.monotonic() < deadline:
        time.sleep(PAUSE)
        try:
            ended = _ended()
        except httpx.HTTPError as error:
            reason = f" ({error or type(error).__name__})"
    if ended < expected:
        get_logger("recorded").warning(
            "Prefect recorded the end of %d of %d task runs%s; its history has a gap, the store has none",
            ended,
            expected,
            reason,
        )


def _ended() -> int:
    """How many task runs of the running flow are recorded in a final state."""
    context = get_run_context()
    assert isinstance(context, FlowRunContext)
    assert context.flow_run
    this_run = FlowRunFilter(id=FlowRunFilterId(any_=[context.flow_run.id]))
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(flow_run_filter=this_run)
    return sum(run.state is not None and run.state.is_final() for run in runs)
