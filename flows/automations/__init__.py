"""What a Prefect server does by itself: it ends flow runs whose worker died, and tells a webhook what needs somebody.

    names = automations.ensure(webhook="https://hooks.example/T0/secret", days=35)

The definitions are the two YAML files beside this one, which `prefect automation create --from-file` reads as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corpusmill.errors import FlowError, UsageError
from flows import cadence

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun
    from prefect.events.schemas.automations import AutomationCore

UNRESPONSIVE = "unresponsive.yaml"
NOTIFY = "notify.yaml"
BLOCK = "corpusmill-webhook"
TAG = "corpusmill"
DAY = 86_400
_STALE = "corpusmill.refresh.done"  # the event whose absence is told of after so many days
_SEEMING = {"RUNNING": "running", "CANCELLING": "running", "PENDING": "pending"}  # type of state -> what is asked
_BY_NAME = {"id", "created", "updated", "enabled"}  # what a server adds to a definition, and what people may switch


def ensure(*, webhook: str = "", days: int = 35) -> tuple[str, ...]:
    """Create or update all automations on the configured server, by name; without a webhook, those that need one go.

    What is right already is left alone, and what somebody switched off stays off. Flow runs that the server believes at
    work are asked for a sign of life. Returns the names. Raises UsageError, FlowError.
    """
    _check(webhook, days)
    with _client() as client:
        block = _block(client, webhook)
        wanted = definitions(UNRESPONSIVE) + (definitions(NOTIFY, block=block, days=days) if block else [])
        for each in wanted:
            _put(client, each)
        for each in [] if block else definitions(NOTIFY):
            _remove(client, each.name)
    ask()
    return tuple(each.name for each in wanted)


def definitions(file: str, *, block: str = "", days: int = 0) -> "list[AutomationCore]":
    """The automations of one of the files; with a webhook's block, and so many days without a refresh, if given."""
    import yaml  # type: ignore[import-untyped]  # as Prefect reads these files
    from prefect.events.schemas.automations import AutomationCore

    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["automations"]
    for each in found:
        if days and _STALE in each["trigger"].get("after", ()):
            waited = [cadence.patience(slug, days) for slug in each["trigger"]["match"]["corpusmill.schedule"]]
            each["trigger"]["within"] = max(waited) * DAY
        for action in each["actions"] if block else ():
            action["block_document_id"] = block
    return [AutomationCore.model_validate(each) for each in found]


def ask() -> int:
    """Ask flow runs that seem at work for a sign of life, which their next heartbeat is; returns how many.

    A server that was down has forgotten whose heartbeat it waited for: a flow run that died meanwhile would seem at
    work for ever. Raises FlowError.
    """
    from prefect.client.schemas.filters import FlowRunFilter

    seeming = FlowRunFilter.model_validate({"state": {"type": {"any_": list(_SEEMING)}}, "tags": {"all_": [TAG]}})
    with _client() as client:
        asked = [_asked(run) for run in client.read_flow_runs(flow_run_filter=seeming) if run.deployment_id]
        if asked:
            client.request("POST", "/events", json=asked).raise_for_status()
    return len(asked)


@contextmanager
def _client() -> "Iterator[SyncPrefectClient]":
    """A client of the configured server; what fails on that side is a FlowError."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException

    try:
        with get_client(sync_client=True) as client:
            yield client
    except (httpx.HTTPError, PrefectException) as error:
        why = str(error).partition(" - Response")[0] or type(error).__name__  # what follows repeats what was sent
        hint = "see that the server runs: corpusmill doctor"
        raise FlowError(f"Prefect did not take the automations ({why})", hint) from error


def _asked(run: "FlowRun") -> dict[str, Any]:
    """The event that begins the wait for a flow run's next heartbeat, for an automation of deployments' flow runs."""
    from prefect.events import Event
    from prefect.events.related import tags_as_related_resources

    assert run.state_type
    told = {
        "event": f"corpusmill.flow-run.asked.{_SEEMING[run.state_type.value]}",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name},
        "related": [
            {"prefect.resource.id": f"prefect.deployment.{run.deployment_id}", "prefect.resource.role": "deployment"},
            *tags_as_related_resources(run.tags),
        ],
    }
    return Event.model_validate(told).model_dump(mode="json")


def _check(webhook: str, days: int) -> None:
    """Raises UsageError; the address is not repeated, since it may be a secret."""
    if days < 1:
        raise UsageError(f"{days} days without a refresh are told of at once", "give 1 or more")
    parts = urlsplit(webhook)
    if webhook and not (parts.scheme in ("http", "https") and parts.hostname):
        raise UsageError("the webhook is no http(s) address", "give the whole of it: https://hooks.example/…")


def _block(client: "SyncPrefectClient", webhook: str) -> str:
    """The id of the block that keeps the address, as a secret; none without one."""
    from prefect.blocks.webhook import Webhook
    from prefect.exceptions import ObjectNotFound

    if webhook:
        said = {"url": webhook, "headers": {"Content-Type": "application/json"}}
        block = Webhook.model_validate({**said, "allow_private_urls": is_private(webhook)})
        return str(block.save(BLOCK, overwrite=True))
    try:
        document = client.read_block_document_by_name(BLOCK, Webhook.get_block_type_slug())
    except ObjectNotFound:
        return ""
    client.delete_block_document(document.id)
    return ""


def is_private(url: str) -> bool:
    """Whether a host is of a private network: who names one means it, but a public name may not become one."""
    import socket

    from corpusmill.http.private import forbidden

    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None)
    except OSError:
        return False
    return any(forbidden(str(address[0])) for *_, address in found)


def _put(client: "SyncPrefectClient", wanted: "AutomationCore") -> None:
    """Create or update one by name. An update that changes nothing would forget whom it waits for, so there is none."""
    found = client.read_automations_by_name(wanted.name)
    for each in found[1:]:
        client.delete_automation(each.id)
    if not found:
        client.create_automation(wanted)
        return
    first = found[0]
    if first.model_dump(exclude=_BY_NAME) != wanted.model_dump(exclude=_BY_NAME):
        client.update_automation(first.id, wanted.model_copy(update={"enabled": first.enabled}))


def _remove(client: "SyncPrefectClient", name: str) -> None:
    for each in client.read_automations_by_name(name):
        client.delete_automation(each.id)
