"""What `up` and `down` are made of, without a server."""

import os
import signal
import socket
import stat
import subprocess
import sys
import zipfile
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
from hatchling.builders.wheel import WheelBuilder

from corpusmill.errors import FlowError, Interrupted, UsageError
from corpusmill.store import Store
from flows.service import address, auth, database, declared, down, environment, pools, state, switches
from flows.service.asked import on_signals
from flows.service.processes import MARK, Process, began, end, gone, mark_of, marked, process, setting, tops
from flows.service.state import Up
from flows.service.supervisor import Kept, Program
from flows.service.up import check_same
from tests.flows.programs import ROOT, until

EVERYWHERE, SECRET = "0.0.0.0", "me:pass"  # noqa: S104 - nothing listens there, and it opens nothing
SLEEPS = "import time; time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]).wait()"


def standing(**more) -> Up:
    told = {"host": "127.0.0.1", "port": 4200, "url": "http://127.0.0.1:4200/api", "ui": "http://127.0.0.1:4200"}
    return Up(**{"supervisor": Process(1, "never"), "database": "SQLite", "since": "now", **told, **more})


# Addresses


@pytest.mark.parametrize(
    ("host", "near", "url", "outside"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:1", ""),
        ("localhost", True, "http://localhost:1", ""),
        ("::1", True, "http://[::1]:1", ""),
        (EVERYWHERE, False, "http://127.0.0.1:1", f"http://{socket.gethostname()}:1"),
        ("::", False, "http://[::1]:1", f"http://{socket.gethostname()}:1"),
        ("mill.example", False, "http://mill.example:1", "http://mill.example:1"),
        ("fd00::2", False, "http://[fd00::2]:1", "http://[fd00::2]:1"),
    ],
)
def test_an_address_for_this_machine_and_one_for_others(host, near, url, outside):
    assert address.is_loopback(host) is near
    assert address.url(host, 1) == url
    assert address.outside(host, 1) == outside


def test_a_port_that_is_taken_and_a_host_that_is_none_are_named():
    busy = pytest.raises(FlowError, match=r"127\.0\.0\.1 port \d+: Address already in use")
    with socket.create_server(("127.0.0.1", 0)) as taken, busy:
        address.check_free("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(UsageError, match=r"--host nowhere\.invalid"):
        address.check_free("nowhere.invalid", 4200)


# Passwords


def test_a_generated_password_stays_the_same_and_only_its_owner_reads_it(tmp_path):
    made = [auth.chosen("generate", tmp_path), auth.chosen("generate", tmp_path)]

    assert made[0] == made[1]
    assert made[0].startswith("corpusmill:")
    assert len(made[0]) > 40
    path = Path(auth.keep(tmp_path, made[0]))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert auth.kept(tmp_path) == path.read_text(encoding="utf-8").strip() == made[0]
    auth.drop(tmp_path)
    assert auth.kept(tmp_path) == ""
    assert auth.chosen("generate", tmp_path) == made[0]


@pytest.mark.parametrize("said", ["me", "me:", ":secret", "me:se cret", "mé:secret", "me:a\nb"])
def test_what_is_no_name_and_password_is_refused_without_being_repeated(said, tmp_path):
    with pytest.raises(UsageError) as refused:
        auth.chosen(said, tmp_path)
    assert "secret" not in str(refused.value)


def test_nobody_is_asked_where_nothing_is_said(tmp_path):
    assert (auth.chosen("", tmp_path), auth.keep(tmp_path, "")) == ("", "")
    assert auth.chosen("me:secret:too", tmp_path) == "me:secret:too"


# Databases


@pytest.mark.parametrize(
    ("said", "connection", "told"),
    [
        ("", "sqlite+aiosqlite:////f/prefect.db", "SQLite"),
        ("postgresql://me@db:5433/mill", "postgresql+asyncpg://me@db:5433/mill", "PostgreSQL db:5433/mill"),
        ("postgres://me:secret@db/mill", "postgresql+asyncpg://me:secret@db/mill", "PostgreSQL db:5432/mill"),
        ("postgresql+asyncpg://db/mill", "postgresql+asyncpg://db/mill", "PostgreSQL db:5432/mill"),
    ],
)
def test_a_database_as_prefect_takes_it_and_as_people_see_it(said, connection, told):
    assert database.connection(said, Path("/f")) == connection
    assert database.told(said) == told


@pytest.mark.parametrize("said", ["mysql://db/mill", "postgresql://me:secret@db", "db/mill", "postgresql:///mill"])
def test_what_is_no_database_is_refused_without_being_repeated(said):
    with pytest.raises(UsageError) as refused:
        database.connection(said, Path("/f"))
    assert "secret" not in str(refused.value)


def test_a_database_that_does_not_answer_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FlowError, match=rf"PostgreSQL 127\.0\.0\.1:{port}/mill does not let us in"):
        database.check(f"postgresql://me:secret@127.0.0.1:{port}/mill")


# Environments


def test_no_secret_reaches_who_need_not_know_it(tmp_path, monkeypatch):
    for name in ("CORPUSMILL_AUTH", "CORPUSMILL_POSTGRES", "CORPUSMILL_WEBHOOK", "PREFECT_API_URL"):
        monkeypatch.setenv(name, "secret-of-mine")
    monkeypatch.setenv("CORPUSMILL_CONTACT", "me@example.org")

    client = environment.client(tmp_path, "http://127.0.0.1:1", SECRET, Store(tmp_path))
    server = environment.server(tmp_path, host=EVERYWHERE, port=1, postgres="", secret=SECRET)

    assert "secret-of-mine" not in {*client.values(), *server.values()}
    assert client["PREFECT_API_AUTH_STRING"] == server["PREFECT_SERVER_API_AUTH_STRING"] == SECRET
    assert (client["CORPUSMILL_CONTACT"], client["CORPUSMILL_STORE"]) == ("me@example.org", str(tmp_path))
    assert server["PREFECT_SERVER_UI_API_URL"] == "/api"
    assert server["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:1"


# Processes


@pytest.fixture
def sleeper(tmp_path):
    """A marked process that has started another."""
    running = subprocess.Popen([sys.executable, "-c", PARENT], env={**os.environ, MARK: mark_of(tmp_path), "ID": "7"})
    assert until(lambda: len(marked(mark_of(tmp_path))) == 2, 20)
    yield running
    end(marked(mark_of(tmp_path)), 5)
    running.wait()


def test_marked_processes_are_found_and_end(sleeper, tmp_path):
    both = marked(mark_of(tmp_path))

    assert [each.pid for each in tops(both)] == [sleeper.pid]
    assert setting(sleeper.pid, "ID") == "7"
    assert marked("elsewhere") == []
    end(both, 5)
    assert gone(both, 0)
    assert began(sleeper.pid) == ""  # it waits for its parent, and does not run


def test_a_number_that_is_somebody_elses_by_now_is_left_alone(sleeper):
    other = Process(sleeper.pid, "earlier")

    assert not other.lives()
    end([other], 5)
    assert process(sleeper.pid).lives()


def test_a_program_that_dies_is_started_again_after_growing_pauses(tmp_path):
    said, now = [], 1000.0
    program = Program("broken", ("-c", "print('x'); raise SystemExit(3)"), os.environ, tmp_path)
    kept = Kept(program, clock=lambda: now)
    kept.start()
    for pause in (1, 2, 4):
        kept._running.wait()
        assert kept.look(said.append)
        assert said[-1].startswith(f"broken ended with status 3; again in {pause} s.")
        now += pause - 0.1
        assert not kept.look(said.append)
        now += 0.2
        assert kept.look(said.append)
        assert said[-1] == "broken started again"
    kept._running.wait()
    assert (tmp_path / "broken.log").read_text(encoding="utf-8").count("x") == 4


def test_a_signal_is_heeded_between_two_steps():
    with on_signals() as asked:
        asked.heed()
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted) as stopped:
            asked.sleep(60)
    assert stopped.value.signum == signal.SIGTERM


# State


def test_what_a_killed_up_has_left_is_ended_and_forgotten(tmp_path, sleeper):
    auth.keep(tmp_path, "me:secret")
    state.write(tmp_path, standing(workers={"worker-cpu": process(sleeper.pid)}))

    ended = down.down(tmp_path)

    assert ended.ended == (f"worker-cpu ({sleeper.pid})",)
    assert ended.killed
    assert began(sleeper.pid) == ""
    assert list(tmp_path.iterdir()) == []
    assert down.down(tmp_path) == down.Ended()


def test_a_state_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "up.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FlowError, match=r"up\.json is not what corpusmill up writes"):
        state.read(tmp_path)


# What is declared


def test_the_shipped_file_names_only_pools_that_up_makes():
    shipped = declared.read(declared.default_file())

    assert {each.pool for each in shipped} <= set(pools.POOLS)
    assert all(":" not in each.entrypoint for each in shipped)


@pytest.mark.parametrize("text", ["", "deployments: []\nx: [", "deployments: [{name: a}]", "name: x"])
def test_a_file_that_declares_nothing_is_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.yaml declares no deployments"):
        declared.read(path)
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read"):
        declared.read(tmp_path / "none.yaml")


class Schedules:
    """A server with one deployment."""

    def __init__(self, **active):
        self.active = active

    def every(self, _path):
        rows = [{"slug": slug, "id": slug, "active": active} for slug, active in self.active.items()]
        return [{"name": "bible", "id": "1", "schedules": rows}]

    def patch(self, path, active):
        self.active[path.rpartition("/")[2]] = active


@pytest.mark.parametrize(
    ("said", "on_server", "says", "stays"),
    [
        (False, True, False, True),  # switched on by somebody
        (True, False, True, False),  # switched off
        (False, False, True, True),  # the file has changed its mind
        (False, True, True, True),
        (None, True, False, False),  # never deployed from here
    ],
)
def test_a_schedule_that_somebody_switched_stays_so(tmp_path, said, on_server, says, stays):
    if said is not None:
        (tmp_path / switches.NAME).write_bytes(msgspec.json.encode({"bible/monthly": said}))
    before = switches.on_server(Schedules(monthly=on_server))
    deployed = Schedules(monthly=says)

    switches.restore(deployed, before, tmp_path)

    assert deployed.active == {"monthly": stays}
    assert msgspec.json.decode((tmp_path / switches.NAME).read_bytes()) == {"bible/monthly": says}


def test_a_wheel_has_the_deployments_where_they_are_looked_for(tmp_path):
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))

    with zipfile.ZipFile(wheel) as packed:
        there = packed.read("corpusmill/_prefect.yaml")
    assert there == declared.default_file().read_bytes()


@pytest.mark.parametrize(
    ("asked", "is_up", "refused"),
    [
        ({}, {}, ""),
        ({"port": 0}, {}, ""),
        ({"port": 1}, {}, "is up for this store"),
        ({"host": EVERYWHERE}, {}, "is up for this store"),
        ({"secret": True}, {}, "asks nobody for a password"),
        ({"secret": True}, {"auth": "/f/auth"}, ""),
        ({"postgres": "postgresql://me@db/mill"}, {}, "is up, with SQLite"),
        ({}, {"ready": False}, "is starting"),
    ],
)
def test_up_twice_is_no_mistake_unless_something_else_is_asked_for(asked, is_up, refused):
    there = standing(**{"ready": True, **is_up})
    wanted = {"host": "127.0.0.1", "port": 4200, "postgres": "", "secret": False, **asked}
    with pytest.raises(FlowError, match=refused) if refused else nullcontext():
        check_same(there, **wanted)
