"""The event of a new version comes once it is there, even where the refresh that published it was killed before."""

import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from corpusmill.store import Store, refs
from corpusmill.types import silent
from flows.pipeline import PLAIN
from flows.pipeline import refresh as plain_refresh
from flows.published import NOTE, PUBLISHED, noted, tell
from flows.stages import collect
from tests.flows.programs import send, text, until


def told(server, version) -> list[dict]:
    """The events of a version that the server has."""
    asked = {"event": {"name": [PUBLISHED]}, "resource": {"id": [f"corpusmill.version.{version.id}"]}}
    return server.ask("events", filter=asked)["events"]


def test_a_version_that_was_published_and_not_told_is_told_by_the_next_refresh(prefect_here, own, monkeypatch):
    from flows.refresh import refresh

    monkeypatch.setenv("CORPUSMILL_STORE", own.store)
    Path(own.target).write_text(text(277), encoding="utf-8")  # a version that no other test tells of
    collect(own, silent)
    killed = plain_refresh(own, noted(PLAIN), silent)  # and no word of it
    store = Store(Path(own.store))
    version = refs.version(store, killed.version)
    before = (store.latest("verses", NOTE), told(prefect_here, version))

    second, third = refresh("verses"), refresh("verses")

    assert before == ("0", [])
    assert (second.changed, third.changed) == (False, False)
    (event,) = told(prefect_here, version)
    assert event["payload"] == {"corpus": "verses", "version": "verses@v1", "id": version.id}
    assert store.latest("verses", NOTE) is None


BEGINNING = "begin something with a new version"


class Refusing(NamedTuple):
    """The ids of a deployment that takes no run until it is mended, and of the automation that is to run it."""

    deployment: str
    automation: str


@pytest.fixture
def refusing(prefect_here, request):
    """A deployment that an automation is to run with each new version; a test may change the automation."""
    api, changed = prefect_here.url, getattr(request, "param", {})
    flow = send("POST", f"{api}/flows/", {"name": "beginning"})["id"]
    wants = {"type": "object", "required": ["absent"], "properties": {"version": {}, "absent": {}}}
    asked = {"name": "refusing", "flow_id": flow, "enforce_parameter_schema": True, "parameter_openapi_schema": wants}
    deployment = send("POST", f"{api}/deployments/", asked)["id"]
    trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0, "expect": [PUBLISHED]}
    match = {"prefect.resource.id": "corpusmill.version.*"}
    action = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
    said = {
        "name": BEGINNING,
        "trigger": {**trigger, "match": match, **changed.get("trigger", {})},
        "actions": [{**action, "parameters": {"version": "{{ event.payload.version }}"}}],
        "enabled": changed.get("enabled", True),
    }
    automation = send("POST", f"{api}/automations/", said)["id"]
    yield Refusing(deployment, automation)
    send("DELETE", f"{api}/automations/{automation}")
    send("DELETE", f"{api}/deployments/{deployment}")


@pytest.fixture
def published(own):
    """A version that a refresh published before it was killed; each test has its own bytes, and so its own events."""

    def publish(verses: int):
        Path(own.target).write_text(text(verses), encoding="utf-8")
        collect(own, silent)
        done = plain_refresh(own, noted(PLAIN), silent)
        return done, refs.version(Store(Path(own.store)), done.version)

    return publish


def begun(server, deployment) -> list[dict]:
    """The parameters of a deployment's flow runs."""
    found = server.ask("flow_runs", deployments={"id": {"any_": [deployment]}})
    return [run["parameters"] for run in found]


def failed(server, automation) -> list[dict]:
    """The events of an automation's actions that came to nothing."""
    asked = {
        "event": {"name": ["prefect.automation.action.failed"]},
        "resource": {"id": [f"prefect.automation.{automation}"]},
    }
    return server.ask("events", filter=asked)["events"]


def test_a_version_is_told_again_while_no_run_of_it_has_begun(prefect_here, own, published, refusing):
    done, version = published(278)

    def mend():
        until(lambda: failed(prefect_here, refusing.automation), 60)
        send("PATCH", f"{prefect_here.url}/deployments/{refusing.deployment}", {"enforce_parameter_schema": False})

    mending = threading.Thread(target=mend)
    mending.start()
    tell(own, "verses", done, seconds=15)
    mending.join()

    assert len(told(prefect_here, version)) == 2
    assert begun(prefect_here, refusing.deployment) == [{"version": "verses@v1"}]
    assert Store(Path(own.store)).latest("verses", NOTE) is None


def test_a_version_that_nothing_begins_with_is_left_to_the_next_refresh(prefect_here, own, published, refusing, caplog):
    from prefect import flow

    done, version = published(279)

    @flow(name="telling")
    def telling():
        tell(own, "verses", done, seconds=1)

    telling()

    assert len(told(prefect_here, version)) == 3
    assert begun(prefect_here, refusing.deployment) == []
    assert Store(Path(own.store)).latest("verses", NOTE) == "0"
    assert f"the event began no run by {BEGINNING} of verses@v1; the next refresh tells it" in caplog.messages


@pytest.mark.parametrize(
    "refusing",
    [
        {"enabled": False},
        {"trigger": {"match": {"prefect.resource.id": "corpusmill.version.another"}}},
        {"trigger": {"expect": ["corpusmill.refresh.done"]}},
        {"trigger": {"threshold": 2, "within": 3600}},
    ],
    ids=["switched off", "of another version", "of another event", "of two events"],
    indirect=True,
)
def test_what_one_event_does_not_set_off_is_not_waited_for(prefect_here, own, published, refusing):
    done, version = published(280)
    before = len(told(prefect_here, version))  # by the other cases, whose bytes are the same

    tell(own, "verses", done)

    assert len(told(prefect_here, version)) == before + 1
    assert begun(prefect_here, refusing.deployment) == []
    assert Store(Path(own.store)).latest("verses", NOTE) is None
