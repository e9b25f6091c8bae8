"""Whether an event began what it is to begin. Prefect's server does that behind our back, and tries it once.

    idle = begun.idle(event, ("version", "id"))     # the names of automations that began no flow run; () is well

An event may be on record and no flow run come of it: a database that is locked at that moment, or a server that is
killed, and the run is not made. Looked after are the automations that run a deployment with one of these values of the
event's payload as a parameter, since by that their flow runs are known.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import Event
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import Automation, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

SECONDS = 30.0  # until a run has to be there; an idle server needs five
PAUSE = 0.5
_PAGE = 200  # the most that the server gives at once
_SKEW = timedelta(hours=1)  # by which the clocks of a worker and of the server may differ


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A deployment that an automation runs when the event comes."""

    automation: str
    deployment: UUID


def idle(event: Event, keys: tuple[str, ...], seconds: float = SECONDS) -> tuple[str, ...]:
    """Wait for a flow run of each automation that the event sets off; the names of those that began none.

    An automation that is switched off, or that none of the payload's `keys` reaches, is not waited for. A flow run that
    an earlier event of the same began will do. Raises httpx.HTTPError.
    """
    deadline, values = time.monotonic() + seconds, [str(event.payload[key]) for key in keys]
    with get_client(sync_client=True) as client:
        waiting = list(_awaited(client, event, keys))
        while waiting := [each for each in waiting if not _there(client, each, event, values)]:
            if time.monotonic() >= deadline:
                break
            time.sleep(PAUSE)
    return tuple(each.automation for each in waiting)


def _awaited(client: SyncPrefectClient, event: Event, keys: tuple[str, ...]) -> Iterator[_Awaited]:
    for each in _automations(client):
        if each.enabled and _expects(each, event):
            for action in each.actions:
                if isinstance(action, RunDeployment) and action.deployment_id and _tells(action, keys):
                    yield _Awaited(each.name, action.deployment_id)


def _tells(action: RunDeployment, keys: tuple[str, ...]) -> bool:
    """Whether a run that an action begins has one of these among its parameters, which are templates as they came."""
    return any(f"event.payload.{key}" in str(action.parameters) for key in keys)


def _automations(client: SyncPrefectClient) -> Iterator[Automation]:
    """All of the server's, page by page."""
    offset = 0
    while found := client.read_automations(limit=_PAGE, offset=offset):
        yield from found
        offset += len(found)


def _expects(automation: Automation, event: Event) -> bool:
    """Whether one such event alone sets an automation off. One that asks for more is left to the server to judge."""
    trigger = automation.trigger
    if not isinstance(trigger, EventTrigger) or trigger.posture is not Posture.Reactive or trigger.threshold > 1:
        return False
    if trigger.after or trigger.match_related != ResourceSpecification({}) or event.event not in trigger.expect:
        return False
    return isinstance(trigger.match, ResourceSpecification) and trigger.match.matches(event.resource)


def _there(client: SyncPrefectClient, one: _Awaited, event: Event, values: list[str]) -> bool:
    """Whether a deployment has a flow run with one of these values as a parameter, no older than the event."""
    asked = {
        "deployment_id": {"any_": [one.deployment]},
        "expected_start_time": {"after_": event.occurred - _SKEW},
    }
    only, newest = FlowRunFilter.model_validate(asked), FlowRunSort.EXPECTED_START_TIME_DESC
    runs = client.read_flow_runs(flow_run_filter=only, sort=newest, limit=_PAGE)
    return any(value in values for run in runs for value in run.parameters.values())
