"""What needs somebody, and in which order; which server is asked, and how."""

import base64
import http.server
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flows.health import needs
from flows.health.server import FlowRun, Orchestra, listen
from flows.health.shelf import Shelf
from flows.health.stages import Last
from flows.service import auth, state
from flows.service.ask import Api
from flows.service.look import find
from flows.service.processes import Process
from flows.service.state import Up


def run_of(name: str, state: str = "Failed", corpus: str = "bible", seconds: int = 0) -> FlowRun:
    return FlowRun(
        id=f"id-{name}",
        name=name,
        flow="",
        pool="cpu",
        corpus=corpus,
        state=state,
        at="",
        seconds=seconds,
        why="it broke",
    )


WELL = Shelf(corpus="bible", declared=True, days=1)
URL = "http://127.0.0.1:4200/api"
UP = Up(supervisor=Process(1, "1"), host="127.0.0.1", port=4200, url=URL, ui="", database="", since="")
BROKEN = Last(corpus="bible", stage="collect", end="failed", at="", why="no route")


@pytest.mark.parametrize(
    ("corpora", "last", "server", "expected"),
    [
        ([WELL], [], None, []),
        ([WELL], [], Orchestra(url=URL, workers={"cpu": 0}), []),
        ([WELL], [], Orchestra(url=URL, why="no server", hint=""), ["server"]),
        ([WELL], [], Orchestra(url=URL, paused=("cpu",)), ["paused"]),
        ([WELL], [], Orchestra(url=URL, late=(run_of("a", "Late"),), workers={"cpu": 0}), ["late"]),
        ([WELL], [], Orchestra(url=URL, failed=(run_of("a"),)), ["failed"]),
        ([WELL], [BROKEN], Orchestra(url=URL, failed=(run_of("a"),)), ["failed"]),
        (
            [WELL],
            [BROKEN],
            Orchestra(
                url=URL,
                failed=(run_of("a"), run_of("b", corpus="")),
            ),
            ["failed", "failed"],
        ),
        ([replace(WELL, days=35)], [], None, ["stale"]),
        ([replace(WELL, days=35, declared=False)], [], None, []),
        ([replace(WELL, days=35, held="bible/snapshots/x")], [], None, ["held"]),
        (
            [
                replace(WELL, stopped=("x",)),
                replace(WELL, corpus="tweets", days=99),
                replace(WELL, corpus="abc", held="y"),
            ],
            [BROKEN],
            Orchestra(url=URL, late=(run_of("a", "Late", seconds=200),), workers={"cpu": 1}, paused=("gpu",)),
            ["paused", "late", "held", "failed", "unfinished", "stale"],
        ),
    ],
    ids=[
        "well",
        "no worker, and nothing waits for one",
        "a server that does not answer",
        "a paused pool",
        "late flow runs",
        "a failed flow run",
        "one failure told by both",
        "a flow run about no corpus",
        "an old corpus of the catalogue",
        "an old one of one's own",
        "held explains why it is old",
        "first things first",
    ],
)
def test_what_needs_somebody_comes_first_things_first(corpora, last, server, expected):
    assert [need.kind for need in needs.of(corpora, last, server, days=35)] == expected


def test_late_flow_runs_name_the_pool_that_has_no_worker():
    late = (run_of("refresh/bible", "Late", seconds=3700), run_of("refresh/abc", "Late", seconds=60))
    waiting = Orchestra(url=URL, late=late, workers={"cpu": 0, "gpu": 1})

    (need,) = needs.of([], [], waiting, days=35)

    assert need.what == "2 late, the first by 1 h (refresh/bible, refresh/abc); no worker of pool cpu is online"
    assert need.command == "corpusmill up, or: prefect worker start --pool cpu"


@pytest.mark.parametrize(
    ("environment", "profile", "up", "expected"),
    [
        ({}, "", {}, None),
        ({"PREFECT_API_URL": f"{URL}/"}, "", {}, (URL, "")),
        ({"PREFECT_API_URL": URL, "PREFECT_API_AUTH_STRING": "me:pass"}, "", {}, (URL, "me:pass")),
        ({}, f'active = "mill"\n[profiles.mill]\nPREFECT_API_URL = "{URL}"\n', {}, (URL, "")),
        ({"PREFECT_API_URL": URL}, 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://elsewhere"\n', {}, (URL, "")),
        ({}, 'active = "ephemeral"\n[profiles.ephemeral]\n', {}, None),
        ({}, "no toml", {"url": URL}, (URL, "")),
        ({}, "", {"url": URL, "auth": "secret"}, (URL, "me:pass")),
        ({"PREFECT_API_URL": "http://elsewhere/api"}, "", {"url": URL, "auth": "secret"}, ("http://elsewhere/api", "")),
    ],
)
def test_the_server_is_that_of_the_environment_the_profile_or_the_store(store, environment, profile, up, expected):
    home, folder = store.root.parent / "prefect", state.folder_of(store)
    home.mkdir()
    folder.mkdir(parents=True)
    (home / "profiles.toml").write_text(profile)
    if up:
        auth.keep(folder, "me:pass" if "auth" in up else "")
        state.write(folder, replace(UP, url=up["url"]))

    found = find(store, {"PREFECT_HOME": str(home), **environment})

    assert (found and (found.url, found.secret)) == expected
    assert "pass" not in repr(found)


@pytest.mark.parametrize(
    ("secret", "why"),
    [("me:pass", ""), ("me:wrong", "asks who we are"), ("", "asks who we are")],
)
def test_a_server_that_asks_who_we_are_is_told(guarded, secret, why):
    heard = listen(Api(guarded, secret), 1, datetime.now(UTC))

    assert why in heard.why
    assert bool(heard.why) is bool(why)
    assert "pass" not in heard.why


@pytest.fixture
def guarded():
    """The address of a server that knows nothing, and says so to one user alone; it is busy now and then."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            known = self.headers["Authorization"] == f"Basic {base64.b64encode(b'me:pass').decode()}"
            self.send_response(503 if len(asked) == 2 else 200 if known else 401)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}/api"
        host.shutdown()
