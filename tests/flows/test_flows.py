"""The flows of the deployments, called here and told to a real server: what they give, how they end, what they tell."""

import http.server
import json
import threading
from dataclasses import replace

import pytest

from corpusmill.errors import HeldError, TrainError, UnknownNameError
from corpusmill.types import silent
from flows import settings
from flows.experiment import experiment
from flows.refresh import refresh
from flows.refresh_all import refresh_all
from flows.reproduce import reproduce
from flows.stages import collect
from flows.sweep import sweep
from tests.flows.programs import TINY, text, until


@pytest.fixture
def here(prefect_here, monkeypatch, tmp_path):
    """A store of its own for the flows that are called."""
    monkeypatch.setenv("CORPUSMILL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CORPUSMILL_ALLOW_PRIVATE", "1")
    return prefect_here


@pytest.fixture
def host():
    """An address, and a list of one whose last body it answers with."""
    bodies: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = bodies[-1].encode() if self.path != "/robots.txt" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/poem.txt", bodies
        server.shutdown()


def newest(server, flow):
    """The flow run begun last by a test of this file; other tests' deployments are scheduled on the same server."""
    of_none = {"deployment_id": {"is_null_": True}}
    return server.ask("flow_runs", flows={"name": {"any_": [flow]}}, flow_runs=of_none, sort="START_TIME_DESC")[0]


def events(server, kind):
    found = server.ask("events", filter={"event": {"name": [kind]}, "order": "DESC"})
    return [event["payload"] for event in found["events"]]


def of(corpus, told):
    """What was told of one corpus: other tests tell the same server of theirs."""
    return [each for each in told if each["corpus"] == corpus]


def table(server, key):
    """The newest artifact of this key."""
    found = server.ask("artifacts", artifacts={"key": {"any_": [key]}}, sort="CREATED_DESC")
    return json.loads(found[0]["data"])


def test_a_refresh_that_looks_wrong_ends_as_held_is_told_and_can_be_accepted(here, host):
    address, bodies = host
    bodies.append(text(300))
    first = refresh(address)
    bodies.append(text(3))

    state = refresh(address, return_state=True)

    assert first.changed
    assert (state.type.value, state.name) == ("FAILED", "Held")
    assert "looks wrong" in state.message
    with pytest.raises(HeldError):
        state.result()
    assert newest(here, "refresh")["state_name"] == "Held"
    told = until(lambda: of(address, events(here, "corpusmill.refresh.held")), 120)
    assert "--accept" in told[0]["hint"]
    accepted = refresh(address, accept=True)
    assert accepted.version.endswith("@v2")


def test_every_refresh_that_ends_well_is_told_and_only_a_new_version_as_published(here, own):
    collect(replace(own, store=settings.store().place), silent)
    before = len(events(here, "corpusmill.version.published"))

    refresh("verses")
    refresh("verses")

    def done():
        return of("verses", events(here, "corpusmill.refresh.done"))

    both = until(lambda: len(done()) >= 2 and done(), 120)
    assert [told["changed"] for told in both[:2]] == [False, True]
    assert {told["version"] for told in both[:2]} == {"verses@v1"}
    assert len(events(here, "corpusmill.version.published")) == before + 1


def test_an_experiment_of_a_corpus_without_a_version_says_what_to_do(here):
    with pytest.raises(UnknownNameError, match="corpusmill refresh bible"):
        experiment("bible")

    assert newest(here, "experiment")["name"] == "experiment bible"


def test_refresh_all_here_goes_on_after_a_failure_and_shows_a_table(here, host):
    address, bodies = host
    bodies.append(text(200))

    state = refresh_all((address, "nothing-of-this-name"), where="here", return_state=True)

    assert state.is_failed()
    assert "1 of 2 did not end well: nothing-of-this-name" in state.message
    rows = table(here, "refresh-all")
    assert [row["state"] for row in rows] == ["Completed", "Failed"]
    assert rows[0]["what"].endswith("@v1")
    assert refresh_all((address,), where="here", return_state=True).is_completed()
    assert table(here, "refresh-all")[0]["what"].endswith("@v1  (unchanged)")


def test_reproduce_says_identical_of_a_version_and_shows_it(here, copied, monkeypatch):
    monkeypatch.setenv("CORPUSMILL_STORE", copied.store)

    state = reproduce("verses@v1", return_state=True)

    assert (state.is_completed(), state.message) == (True, "verses@v1: identical")
    run = newest(here, "reproduce")
    assert run["name"] == "reproduce verses@v1"
    [card] = here.ask("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    assert card["data"].startswith("```\nverses@v1: identical")


SWEEP = """
title = "Two sizes"
source = "a test"
corpora = ["{text}"]
[base]
train.steps = 3
train.batch = 4
train.length = 16
train.samples.length = 10
[grid]
train.hidden = [{hidden}]
"""


def test_a_sweep_collects_builds_trains_and_ranks(here, tmp_path):
    (tmp_path / "verses.txt").write_text(text(), encoding="utf-8")
    file = tmp_path / "sizes.toml"
    file.write_text(SWEEP.format(text=tmp_path / "verses.txt", hidden="8, 16"), encoding="utf-8")

    ref = sweep(str(file), jobs=1)

    assert ref == "verses/sweeps/sizes"
    run = newest(here, "sweep")
    ran = here.ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}})
    assert sorted(task["name"].partition(" ")[0] for task in ran) == ["build", "collect", "trials"]
    assert sorted(row["hidden"] for row in table(here, "sizes-sweep")) == ["16", "8"]


def test_a_sweep_of_which_nothing_can_be_trained_fails(here, tmp_path):
    (tmp_path / "short.txt").write_text(text(40), encoding="utf-8")
    file = tmp_path / "large.toml"
    file.write_text(SWEEP.format(text=tmp_path / "short.txt", hidden="8") + "train.batch = [5000]\n", encoding="utf-8")

    with pytest.raises(TrainError, match="none of 1 trials"):
        sweep(str(file), jobs=1)


def test_settings_of_a_form_that_are_no_settings_are_told_before_anything_is_done(here, copied, monkeypatch):
    from corpusmill.errors import SpecError
    from flows.forms import Training

    monkeypatch.setenv("CORPUSMILL_STORE", copied.store)
    with pytest.raises(SpecError, match="hiden"):
        experiment("verses", training=Training(settings=(*TINY, "train.hiden=8")))

    run = newest(here, "experiment")
    assert here.ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}}) == []
