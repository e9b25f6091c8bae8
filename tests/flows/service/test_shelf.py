"""The server of reports."""

import threading

import httpx
import pytest

from flows.service import shelf
from tests.corpusmill.samples import keep, run

PAGE = "<!doctype html><title>a report</title>"


@pytest.fixture
def serving(store):
    """Serve the reports of a store that has one; gives the address."""
    made = run(of="v", corpus="sea")
    keep(store, made)
    (store.run_folder("sea", made.id) / "report.html").write_text(PAGE, encoding="utf-8")
    (store.root / "sea" / "secret.html").write_text("no", encoding="utf-8")
    started = []

    def serve(auth=""):
        server = shelf.Shelf(store, "127.0.0.1", 0, auth)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_port}", f"/sea/runs/{made.id}/report.html"

    yield serve
    for server in started:
        server.shutdown()
        server.server_close()


def test_a_report_is_served_and_a_link_to_it_made(serving, monkeypatch):
    base, path = serving()

    answer = httpx.get(base + path)

    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    monkeypatch.setenv(shelf.VARIABLE, f"{base}/")
    assert shelf.address("sea", path.split("/")[3]) == base + path


def test_without_a_server_there_is_no_link(monkeypatch):
    monkeypatch.delenv(shelf.VARIABLE, raising=False)

    assert shelf.address("sea", "aaa") == ""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sea/runs/ffffffffffff/report.html",
        "/sea/secret.html",
        "/sea/runs/../secret.html",
        "/sea/runs/%2e%2e/secret.html",
        "/no-such/runs/aaa/report.html",
        "/../runs/aaa/report.html",
    ],
)
def test_nothing_else_is(serving, path):
    base, _ = serving()

    assert httpx.get(base + path).status_code == 404


@pytest.mark.parametrize(("given", "status"), [(None, 401), (("anna", "wrong"), 401), (("anna", "right"), 200)])
def test_the_password_of_the_server_is_asked_for(serving, given, status):
    base, path = serving("anna:right")

    answer = httpx.get(base + path, auth=given)

    assert answer.status_code == status
    assert (PAGE in answer.text) == (status == 200)
