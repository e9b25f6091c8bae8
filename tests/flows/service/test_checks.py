"""What `doctor` says of a server, by what the server answers. One that is really up is looked at in test_up.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corpusmill.doctor.checks import examine
from corpusmill.errors import FlowError
from flows.service import checks, state
from flows.service.ask import Api
from flows.service.declared import Deployment
from flows.service.look import Look
from flows.service.processes import Process
from flows.service.state import Up

UP = Up(
    supervisor=Process(1, "never"),
    host="127.0.0.1",
    port=4200,
    url="http://127.0.0.1:4200/api",
    ui="http://127.0.0.1:4200",
    database="SQLite",
    since="now",
    automations=("corpusmill: one", "corpusmill: two"),
)
DECLARED = (
    Deployment("bible", "flows.refresh.refresh", "cpu", 1),
    Deployment("gpu", "flows.experiment.experiment", "gpu", None),
)
WORKER = {"name": "here-cpu", "status": "ONLINE", "last_heartbeat_time": "2026-01-02T03:04:05Z"}


def deployment(name, entrypoint, **more):
    limit = {"limit": 1, "active": True} if name == "bible" else None
    schedules = [{"active": name == "bible"}]
    told = {"id": name, "name": name, "entrypoint": entrypoint, "paused": False, "schedules": schedules}
    return {**told, "pull_steps": None, "global_concurrency_limit": limit, **more}


BIBLE = deployment("bible", "flows.refresh.refresh")
GPU = deployment("gpu", "flows.experiment.experiment")
POOL = {"is_paused": False, "concurrency_limit": 2}
AUTOMATIONS = [{"name": name, "enabled": True} for name in UP.automations]
LIMIT = "corpusmill-host-example.org"
WELL = {
    "/admin/version": checks.installed("prefect"),
    "/admin/settings": {"server": {"events": {"retention_period": "P7D"}}},
    "work_pools/cpu": POOL,
    "work_pools/gpu": {**POOL, "concurrency_limit": None},
    "work_pools/cpu/workers": [WORKER],
    "work_pools/gpu/workers": [],
    "deployments": [BIBLE, GPU],
    "planned": 3,
    "late": 0,
    "v2/concurrency_limits": [
        {"name": LIMIT, "active": True},
        {"name": "own", "active": False},
    ],
    "automations": AUTOMATIONS,
    "open": True,
    "ahead": timedelta(),
}


class Server:
    """A server that answers so."""

    url = UP.url

    def __init__(self, answers):
        self.answers = answers

    def get(self, path):
        return self.answers[path]

    def every(self, path):
        return self.answers[path]

    def post(self, path, flow_runs):
        assert path == "flow_runs/count"
        return self.answers["late" if "name" in flow_runs["state"] else "planned"]

    def clock(self):
        return datetime.now(UTC) + self.answers["ahead"]

    def of_a_stranger(self):
        return self

    def lets_in(self):
        return self.answers["open"]


def look(**answers) -> Look:
    return Look(Server(WELL | answers), UP.host, UP, Path("prefect.yaml"), DECLARED)


def said(check, it):
    return [(found.state, found.what) for found in checks.CHECKS[check](it)]


@pytest.mark.parametrize("check", sorted(checks.CHECKS))
def test_a_server_as_it_should_be_is_well(check):
    assert {state for state, _ in said(check, look())} == {"well"}


@pytest.mark.parametrize(
    ("check", "answers", "finding"),
    [
        ("server", {"/admin/version": "3.9.0"}, ("mind", "Prefect 3.9.0 at")),
        ("pools", {"work_pools/cpu": None}, ("wrong", "cpu is missing")),
        ("pools", {"work_pools/gpu": None}, ("wrong", "gpu is missing")),
        ("pools", {"work_pools/cpu": {**POOL, "is_paused": True}}, ("mind", "cpu is paused")),
        ("pools", {"work_pools/cpu": {**POOL, "concurrency_limit": None}}, ("mind", "cpu has no limit")),
        ("workers", {"work_pools/cpu/workers": []}, ("wrong", "cpu: nobody takes its runs (last sign of life: never)")),
        (
            "workers",
            {"work_pools/cpu/workers": [{**WORKER, "status": "OFFLINE"}]},
            ("wrong", "cpu: nobody takes its runs (last sign of life: 2026-01-02T03:04:05)"),
        ),
        ("database", {"work_pools/cpu/workers": [WORKER, WORKER]}, ("mind", "SQLite, and 2 workers")),
        ("deployed", {"deployments": [BIBLE]}, ("wrong", "gpu (pool gpu) is declared and not registered")),
        (
            "deployed",
            {"deployments": [{**BIBLE, "pull_steps": [{"x.set_working_directory": {"directory": "/x"}}]}, GPU]},
            ("mind", "bible need a folder that only one machine has"),
        ),
        ("schedules", {"planned": 0}, ("wrong", "bible: on, and no run is planned")),
        ("schedules", {"late": 2}, ("mind", "2 runs are late")),
        (
            "limits",
            {"deployments": [{**BIBLE, "global_concurrency_limit": None}, GPU]},
            ("wrong", "bible: not limited"),
        ),
        (
            "limits",
            {"v2/concurrency_limits": [{"name": LIMIT, "active": False}]},
            ("wrong", f"{LIMIT}: not limited"),
        ),
        ("automation", {"automations": AUTOMATIONS[:1]}, ("wrong", "corpusmill: two: runs of a dead worker")),
        (
            "automation",
            {"automations": [AUTOMATIONS[0], {**AUTOMATIONS[1], "enabled": False}]},
            ("mind", "off: corpus"),
        ),
        ("time", {"ahead": timedelta(seconds=30)}, ("mind", "the server's clock is within 30 s")),
        ("time", {"ahead": timedelta(hours=-1)}, ("wrong", "the server's clock is within 3600 s")),
        (
            "events",
            {"/admin/settings": {"server": {"events": {"retention_period": "P90D"}}}},
            ("well", "kept for 90 d"),
        ),
    ],
)
def test_what_is_wrong_is_found(check, answers, finding):
    state, what = finding
    assert any(found[0] == state and found[1].startswith(what) for found in said(check, look(**answers)))


@pytest.mark.parametrize(
    ("host", "lets_in", "finding"),
    [("127.0.0.1", True, "well"), ("mill.example", False, "well"), ("mill.example", True, "wrong")],
)
def test_a_server_that_others_reach_must_ask_who_they_are(host, lets_in, finding):
    assert [state for state, _ in said("access", replace(look(open=lets_in), host=host))] == [finding]


def test_a_library_that_prefect_does_not_work_with_is_named(monkeypatch):
    monkeypatch.setattr(checks, "installed", {"fastapi": "0.165.0", "sqlalchemy": "2.1.9"}.get)
    assert [state for state, _ in said("libraries", look())] == ["wrong", "wrong"]


def test_an_entry_point_that_cannot_be_imported_is_named():
    broken = replace(look(), declared=(Deployment("x", "flows.nowhere.x", "cpu", None),))
    assert said("flows", broken) == [
        ("wrong", "flows.nowhere.x: ModuleNotFoundError: No module named 'flows.nowhere'"),
    ]


def test_where_no_server_is_meant_to_be_one_line_says_so(store):
    (line,) = examine(store, checks.table(store, {"PREFECT_HOME": str(store.root)}))
    assert (line.state, line.what) == ("well", "none is configured; corpusmill up starts one")

    state.write(state.private(state.folder_of(store)), UP)
    (line,) = examine(store, checks.table(store, {"PREFECT_HOME": str(store.root)}))
    assert (line.state, line.hint) == ("mind", "corpusmill down clears it away")


@pytest.mark.parametrize("by", ["environment", "profile"])
def test_a_server_that_is_configured_and_not_there_is_one_finding(store, tmp_path, by):
    url = "http://127.0.0.1:9/api"
    profile = f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{url}"\n'
    (tmp_path / "profiles.toml").write_text(profile if by == "profile" else "", encoding="utf-8")
    environ = {"PREFECT_HOME": str(tmp_path), **({"PREFECT_API_URL": url} if by == "environment" else {})}

    (line,) = examine(store, checks.table(store, environ))

    assert line.state == "wrong"
    assert line.what.startswith(f"no server answers at {url}")


def test_a_secret_is_not_shown():
    api = Api("http://127.0.0.1:9/api", "me:secret")
    with pytest.raises(FlowError) as refused:
        api.get("/admin/version")
    assert "secret" not in f"{api!r} {refused.value!r}"
