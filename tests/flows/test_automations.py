"""Against a real server: what it does by itself, and a real receiver of what it tells."""

import http.server
import json
import threading
import uuid
from pathlib import Path

import pytest
import yaml

from corpusmill.errors import FlowError, UsageError
from flows import automations
from tests.flows.programs import ROOT, send, until

SECRET = "T0/B0/a-secret-token"  # noqa: S105 - nobody's
CLEARED = ("corpusmill: flow runs whose worker died", "corpusmill: flow runs that never began")
TOLD = (
    "corpusmill: tell of failed flow runs",
    "corpusmill: tell of held refreshes",
    "corpusmill: tell of corpora not refreshed",
    "corpusmill: tell of corpora not refreshed for a year",
)
SOON = 10  # seconds: the shortest that Prefect waits for what does not come


@pytest.fixture
def receiver():
    """The address of a receiver of webhooks, and what it has got: paths, and bodies."""
    got: list[tuple[str, dict]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            got.append((self.path, json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}/{SECRET}", got
        host.shutdown()


def asked(server, what: str) -> list[dict]:
    return send("POST", f"{server.url}/{what}/filter", {})


@pytest.fixture
def there(prefect_here):
    """What the server has, by name; nothing of ours before and after."""

    def found() -> dict[str, dict]:
        known = asked(prefect_here, "automations")
        return {each["name"]: each for each in known if each["name"].startswith("corpusmill:")}

    def clear() -> None:
        for each in found().values():
            send("DELETE", f"{prefect_here.url}/automations/{each['id']}")

    clear()
    yield found
    clear()


def hasten(server, known: dict[str, dict], *names: str) -> None:
    """Make automations of these names wait no longer than they must."""
    for name in names:
        said = {key: value for key, value in known[name].items() if key not in ("id", "created", "updated")}
        soon = {**said, "trigger": {**said["trigger"], "within": SOON}}
        send("PUT", f"{server.url}/automations/{known[name]['id']}", soon)


def shown(found: dict[str, dict]) -> dict[str, tuple]:
    """What tells whether one was written anew."""
    return {name: (each["id"], each["updated"], each["trigger"]["id"]) for name, each in found.items()}


def test_automations_are_made_once_and_left_alone_where_they_are_right(there, receiver):
    url, _ = receiver

    first = automations.ensure(webhook=url, days=35)
    before = shown(there())
    again = automations.ensure(webhook=url, days=35)
    kept = shown(there())
    automations.ensure(webhook=url, days=7)
    after = shown(there())

    assert first == again == (*CLEARED, *TOLD)
    assert kept == before
    assert {name for name in after if after[name] != before[name]} == {"corpusmill: tell of corpora not refreshed"}
    assert {name: each[0] for name, each in after.items()} == {name: each[0] for name, each in before.items()}
    assert there()["corpusmill: tell of corpora not refreshed"]["trigger"]["within"] == 7 * 86_400


def test_without_a_webhook_nobody_is_told_and_its_address_is_gone(prefect_here, there, receiver):
    automations.ensure(webhook=receiver[0])

    assert automations.ensure() == CLEARED
    assert sorted(there()) == sorted(CLEARED)
    assert automations.BLOCK not in {each["name"] for each in asked(prefect_here, "block_documents")}


def test_the_address_is_a_secret_everywhere(prefect_here, there, receiver):
    automations.ensure(webhook=receiver[0])

    blocks, known = asked(prefect_here, "block_documents"), list(there().values())
    assert automations.BLOCK in {each["name"] for each in blocks}
    assert SECRET not in json.dumps([blocks, known])
    assert SECRET.encode() not in (prefect_here.home / "prefect.db").read_bytes()
    assert SECRET not in (prefect_here.home / "server.log").read_text()


def test_what_is_there_twice_is_there_once(prefect_here, there):
    automations.ensure()
    by_hand = Path(automations.__file__).with_name(automations.UNRESPONSIVE)
    prefect_here.command("automation", "create", "--from-file", str(by_hand))
    twice = [each["name"] for each in asked(prefect_here, "automations")]

    automations.ensure()

    once = [each["name"] for each in asked(prefect_here, "automations")]
    assert [twice.count(name) for name in CLEARED] == [2, 2]
    assert [once.count(name) for name in CLEARED] == [1, 1]


def test_what_somebody_switched_off_stays_off_when_it_is_updated(prefect_here, there):
    automations.ensure()
    known = there()[CLEARED[0]]
    hasten(prefect_here, there(), CLEARED[0])
    send("PATCH", f"{prefect_here.url}/automations/{known['id']}", {"enabled": False})

    automations.ensure()

    found = there()[CLEARED[0]]
    assert (found["id"], found["enabled"], found["trigger"]["within"]) == (known["id"], False, 150)


def test_what_is_made_by_hand_is_what_is_made_for_you(prefect_here, there, receiver, tmp_path):
    automations.ensure(webhook=receiver[0])
    made = {name: {**each, "id": "", "created": "", "updated": ""} for name, each in there().items()}
    (block,) = [each["id"] for each in asked(prefect_here, "block_documents") if each["name"] == automations.BLOCK]
    for each in there().values():
        send("DELETE", f"{prefect_here.url}/automations/{each['id']}")
    for file in (automations.UNRESPONSIVE, automations.NOTIFY):
        text = Path(automations.__file__).with_name(file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace(str(uuid.UUID(int=0)), block), encoding="utf-8")
        prefect_here.command("automation", "create", "--from-file", str(tmp_path / file))

    by_hand = {name: {**each, "id": "", "created": "", "updated": ""} for name, each in there().items()}

    for each in (*made.values(), *by_hand.values()):
        each["trigger"]["id"] = ""
        for which in ("after", "expect", "for_each"):
            each["trigger"][which].sort()
    assert by_hand == made
    before = shown(there())
    automations.ensure(webhook=receiver[0])
    assert shown(there()) == before


@pytest.fixture
def deployment(prefect_here) -> uuid.UUID:
    from prefect import flow
    from prefect.client.orchestration import get_client

    @flow(name="refresh")
    def refresh(corpus: str):
        pass

    with get_client(sync_client=True) as client:
        return client.create_deployment(client.create_flow(refresh), f"automated-{uuid.uuid4().hex[:8]}")


def began(deployment: uuid.UUID, *states, name: str = "") -> uuid.UUID:
    """A flow run of a deployment, in the last of these states, of which nobody's heart beats."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(
            deployment, parameters={"corpus": "bible"}, tags=["corpusmill", "bible"], name=name or None
        )
        for state in states:
            client.set_flow_run_state(run.id, state, force=True)
        return run.id


def state_of(server, run: uuid.UUID) -> tuple[str, str]:
    said = send("GET", f"{server.url}/flow_runs/{run}")
    return said["state_name"], said["state"]["message"] or ""


def test_what_seems_at_work_and_is_not_crashes_and_all_that_needs_somebody_is_told(
    prefect_here, there, receiver, deployment
):
    from prefect.client.orchestration import get_client
    from prefect.events import emit_event
    from prefect.events.worker import EventsWorker
    from prefect.states import Completed, Failed, Pending, Running

    url, got = receiver
    automations.ensure(webhook=url, days=1)
    hasten(prefect_here, there(), *CLEARED, TOLD[2])

    dead = began(deployment, Running(), name="dead")
    lost = began(deployment, Pending(), name="lost")
    done = began(deployment, Running(), name="done")
    held = began(deployment, Running(), name="held")
    assert automations.ask() >= 4
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(done, Completed())
        client.set_flow_run_state(held, Failed(name="Held"))
    failed = began(deployment, Running(), Failed(message='it "broke" <here>\nand there'), name="failed")
    corpus = {"prefect.resource.id": "corpusmill.corpus.bible", "corpusmill.schedule": "monthly"}
    emit_event("corpusmill.refresh.done", resource=corpus, payload={"corpus": "bible", "version": "bible@v1"})
    why = {"corpus": "tweets", "why": 'tweets: it "shrank"', "hint": "take it with: corpusmill collect"}
    emit_event("corpusmill.refresh.held", resource={"prefect.resource.id": "corpusmill.corpus.tweets"}, payload=why)
    EventsWorker.drain_all(timeout=10)

    def ours() -> list[tuple[str, dict]]:
        return [each for each in got if each[1]["corpus"] in ("bible", "tweets")]  # others may seem at work here too

    assert until(lambda: len(ours()) >= 5, 240) is True, got
    assert state_of(prefect_here, dead)[0] == "Crashed"
    assert "No sign of life" in state_of(prefect_here, dead)[1]
    assert state_of(prefect_here, lost)[0] == "Crashed"
    assert state_of(prefect_here, done)[0] == "Completed"
    assert state_of(prefect_here, held)[0] == "Held"
    assert {path for path, _ in ours()} == {f"/{SECRET}"}
    assert {tuple(body) for _, body in ours()} == {("text", "corpus", "flow_run")}
    told = {(body["flow_run"], body["corpus"]): body["text"] for _, body in ours()}
    assert set(told) == {
        (str(dead), "bible"),
        (str(lost), "bible"),
        (str(failed), "bible"),
        ("", "bible"),
        ("", "tweets"),
    }
    assert 'corpusmill: failed has failed. it "broke" <here>\nand there' in told[str(failed), "bible"]
    assert "dead has crashed. No sign of life" in told[str(dead), "bible"]
    assert told["", "tweets"] == (
        'corpusmill: a refresh is held for review. tweets: it "shrank"; take it with: corpusmill collect'
    )
    assert "bible has not been refreshed since 20" in told["", "bible"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"webhook": f"ftp://host/{SECRET}"}, "webhook"),
        ({"webhook": SECRET}, "webhook"),
        ({"days": 0}, "0 days"),
    ],
)
def test_a_wrong_wish_is_refused_without_repeating_a_secret(given, message):
    with pytest.raises(UsageError, match=message) as refused:
        automations.ensure(**given)

    assert SECRET not in str(refused.value)


def test_a_server_that_is_absent_is_named(prefect_here):
    from prefect.settings import temporary_settings

    with (
        temporary_settings({"api.url": "http://127.0.0.1:9/api", "client.max_retries": 0}),
        pytest.raises(FlowError, match="corpusmill doctor"),
    ):
        automations.ensure()


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost/x", True),
        ("http://[::1]/x", True),
        ("https://10.1.2.3/x", True),
        ("https://8.8.8.8/x", False),
        ("https://no-such-host.invalid/x", False),
    ],
)
def test_a_private_receiver_is_one_that_is_named_as_such(url, private):
    assert automations.is_private(url) is private


def test_every_deployment_beats_as_often_as_is_waited_for():
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    (died, _) = automations.definitions(automations.UNRESPONSIVE)

    beats = {each["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] for each in declared}

    assert beats == {"30"}
    assert died.trigger.within.total_seconds() == 5 * 30
