"""Against a real server: deployments, schedules, events, and what a flow run leaves there."""

import http.server
import logging
import signal
import threading
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml

from corpusmill import spec
from corpusmill.errors import ContentError, FlowError, Interrupted, NetworkError, ParseError
from corpusmill.store import Store
from corpusmill.types import silent
from flows.forms import Training, Writing
from flows.run import run_flow
from flows.stages import Done, Job
from tests.flows.programs import TINY, send, text, until

DECLARED = [
    entry["name"]
    for entry in yaml.safe_load((Path(__file__).parents[2] / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
]
POOLS = ("cpu", "gpu")
ASKED = ("experiment", "experiment-gpu", "reproduce", "sweep")  # when an event or a person asks
OTHERS = {*ASKED, "all"}
DEPLOYED = {name: None if name in ASKED else name == "python" for name in DECLARED}  # whether a schedule is on


@pytest.fixture(scope="session")
def deployments(server) -> dict[str, dict]:
    """What `prefect deploy` registers, by name; without its work pool it would register nothing, and not say so."""
    for pool in POOLS:
        send("POST", f"{server.url}/work_pools/", {"name": pool, "type": "process"})
    server.command("--no-prompt", "deploy", "--all")
    return {each["name"]: each for each in server.ask("deployments", deployments={"name": {"any_": DECLARED}})}


def runs_of(server, deployment, state="SCHEDULED"):
    only = {"deployments": {"name": {"any_": [deployment]}}, "flow_runs": {"state": {"type": {"any_": [state]}}}}
    return server.ask("flow_runs", **only)


def flow_run(server, name: str) -> dict:
    """The newest flow run of this name."""
    return server.ask("flow_runs", flow_runs={"name": {"any_": [name]}}, sort="START_TIME_DESC")[0]


def task_runs(server, run: dict) -> list[tuple[str, str]]:
    found = server.ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}})
    assert not any(task["tags"] for task in found)  # for each of which the server would be asked for a slot
    return sorted((task["name"], task["state_type"]) for task in found)


def artifacts(server, run: dict) -> list[dict]:
    return server.ask("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})


def logged(server, run: dict) -> list[str]:
    return [log["message"] for log in server.ask("logs", logs={"flow_run_id": {"any_": [run["id"]]}})]


def test_every_deployment_is_registered(deployments):
    active = {
        name: deployment["schedules"][0]["active"] if deployment["schedules"] else None
        for name, deployment in deployments.items()
    }

    assert active == DEPLOYED
    assert DEPLOYED.keys() - OTHERS == set(spec.names())
    assert not any(deployment["pull_steps"] for deployment in deployments.values())  # of a folder that one machine has
    assert {deployment["work_pool_name"] for deployment in deployments.values()} == set(POOLS)
    for name in DEPLOYED.keys() - OTHERS:
        assert deployments[name]["tags"] == ["corpusmill", "refresh", name]
        assert deployments[name]["entrypoint"] == "flows.refresh.refresh"
        assert deployments[name]["parameters"] == {"corpus": name}
    assert deployments["experiment"]["entrypoint"] == "flows.experiment.experiment"


def test_an_active_schedule_yields_scheduled_runs_and_a_paused_one_none(server, deployments):
    found = until(lambda: runs_of(server, "python"), 120)

    assert {run["state_type"] for run in found} == {"SCHEDULED"}
    assert {run["parameters"]["corpus"] for run in found} == {"python"}
    assert runs_of(server, "bible") == []


def test_a_published_version_starts_an_experiment_and_an_unchanged_corpus_none(
    prefect_here, deployments, own, tmp_path, monkeypatch
):
    from flows.refresh import refresh
    from flows.stages import collect

    def experiments():
        return sorted((run["parameters"] for run in runs_of(prefect_here, "experiment")), key=lambda p: p["version"])

    collect(own, silent)  # a corpus that the store knows by name
    monkeypatch.setenv("CORPUSMILL_STORE", own.store)

    made = [refresh("verses"), refresh("verses")]
    (tmp_path / "verses.txt").write_text(text(300), encoding="utf-8")
    made.append(refresh("verses"))

    assert [(done.version, done.changed) for done in made] == [
        ("verses@v1", True),
        ("verses@v1", False),
        ("verses@v2", True),
    ]
    wanted = [{"corpus": "verses", "version": version} for version in ("verses@v1", "verses@v2")]
    assert until(lambda: len(experiments()) >= 2 and experiments(), 120) == wanted


def test_refresh_all_leaves_a_run_of_each_deployment_to_the_workers(prefect_here, deployments):
    from flows.refresh_all import refresh_all

    done = refresh_all(("latex", "names"), return_state=True)

    assert done.is_completed()
    for name in ("latex", "names"):
        (run,) = runs_of(prefect_here, name)
        assert run["parameters"] == {"corpus": name}
    with pytest.raises(FlowError, match=r"no deployment refresh/nothing-like-it.*where = here"):
        refresh_all(("nothing-like-it",))


def test_an_experiment_trains_on_its_version_and_reports(prefect_here, copied, monkeypatch):
    from flows.experiment import experiment

    monkeypatch.setenv("CORPUSMILL_STORE", copied.store)

    asked = {"training": Training(settings=TINY, seed=2), "writing": Writing(length=30, count=2)}
    done = experiment("verses", "verses@v1", **asked)

    run = flow_run(prefect_here, "experiment verses@v1")
    assert done.skipped == ()
    assert Path(done.report).is_relative_to(copied.store)
    assert done.score.startswith("test: ")
    assert run["state_type"] == "COMPLETED"
    stages = [(f"{stage} verses", "COMPLETED") for stage in ("report", "sample", "score", "train")]
    assert until(lambda: task_runs(prefect_here, run) == stages, 120)
    left = {f"verses-{name}" for name in ("loss", "report", "report-link", "samples", "score")}
    assert left == {card["key"] for card in artifacts(prefect_here, run)}
    assert until(lambda: any(line.startswith("train 100%") for line in logged(prefect_here, run)), 120)


def test_a_flow_run_shows_its_stages_and_cards(prefect_here, plain, copied):
    job, outcome = plain

    again = run_flow(replace(copied, target=job.target), silent, home=Path("unused"))

    run = flow_run(prefect_here, "verses.txt")
    assert again.skipped == ("collect", "build", "train", "report")
    assert run["state_type"] == "COMPLETED"
    assert sorted(run["tags"]) == ["corpusmill", "verses.txt"]
    assert run["parameters"]["job"]["overrides"] == list(job.overrides)
    assert task_runs(prefect_here, run) == [
        (f"{stage} verses.txt", "COMPLETED") for stage in ("build", "collect", "report", "train")
    ]
    cards = artifacts(prefect_here, run)
    of_version, of_run = ("corpus", "statistics", "drops"), ("loss", "report", "report-link")
    assert {card["key"]: card["description"] for card in cards} == {
        "verses-economics": outcome.snapshot,
        **{f"verses-{name}": outcome.version for name in of_version},
        **{f"verses-{name}": outcome.run for name in of_run},
    }
    assert "```mermaid" in next(card["data"] for card in cards if card["key"] == "verses-corpus")


def test_an_error_of_a_stage_comes_as_it_is_and_prefect_says_nothing(prefect_here, own, tmp_path, capfd):
    (tmp_path / "verses.txt").write_bytes(b"\x00\x01binary")

    with pytest.raises(ParseError, match=r"verses\.txt"):
        run_flow(own, silent, home=Path("unused"))

    run = flow_run(prefect_here, "verses.txt")
    assert run["state_type"] == "FAILED"
    assert task_runs(prefect_here, run) == [("build verses.txt", "FAILED"), ("collect verses.txt", "COMPLETED")]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_flow_comes_as_interrupted_and_is_recorded(prefect_here, own, number):
    def interrupt(signum, _frame):
        raise Interrupted(signum)

    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(Interrupted) as stopped:
            run_flow(own, lambda *_: signal.raise_signal(number), home=Path("unused"))
    finally:
        signal.signal(number, before)

    run = flow_run(prefect_here, "verses.txt")
    assert stopped.value.signum == number
    assert run["state_type"] == "CRASHED"
    assert task_runs(prefect_here, run) == [("collect verses.txt", "CRASHED")]


def test_a_server_that_is_configured_but_absent_is_named(prefect_here, own):
    from prefect.settings import temporary_settings

    with (
        temporary_settings({"api.url": "http://127.0.0.1:9/api"}),
        pytest.raises(FlowError, match=r"http://127\.0\.0\.1:9/api .*--plain"),
    ):
        run_flow(own, silent, home=Path("unused"))

    assert Store(Path(own.store)).corpora() == []


@pytest.fixture
def answers():
    """A host that gives these answers, (status, body), one after the other, the last for ever."""
    given: list[tuple[int, bytes]] = []
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/robots.txt":
                self.send_error(404)
                return
            asked.append(self.path)
            status, body = given[min(len(asked), len(given)) - 1]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield given, asked, f"http://127.0.0.1:{host.server_port}/poem.txt"
        host.shutdown()


@pytest.mark.parametrize(
    ("given", "asked", "outcome"),
    [
        ([(403, b""), (403, b""), (200, b"text")], 3, None),
        ([(403, b"")], 4, NetworkError),
        ([(200, b"")], 1, ContentError),
    ],
    ids=["the host comes back", "the host stays away", "a wrong answer stays wrong"],
)
def test_collect_is_tried_again_only_when_the_network_failed(prefect_here, tmp_path, answers, given, asked, outcome):
    from prefect import flow

    from flows.tasks import collect

    answers[0].extend(given)
    impatient = collect.with_options(retry_delay_seconds=0)
    job = Job(answers[2], str(tmp_path / "store"), allow_private=True)

    @flow(name="patience")
    def patience():
        return impatient(job, silent)

    if outcome:
        with pytest.raises(outcome):
            patience()
    else:
        assert patience().made
    assert len(answers[1]) == asked


def test_a_gap_in_the_history_is_a_warning(prefect_here, plain):
    from prefect import flow

    from flows.pipeline import Stages
    from flows.recorded import recorded

    job, _ = plain
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    no_task = Stages(**dict.fromkeys((field.name for field in fields(Stages)), lambda *_: Done("ref", made=True)))

    @flow(name="gap")
    def gap():
        with recorded(no_task, seconds=0.5) as do:
            return do.collect(job, silent)

    logger = logging.getLogger("prefect.recorded")
    logger.addHandler(handler)
    try:
        assert gap().made
    finally:
        logger.removeHandler(handler)
    assert heard == ["Prefect recorded the end of 0 of 1 task runs; its history has a gap, the store has none"]
