"""Events are what OpenLineage's own classes hold, name no address, and are appended as whole lines."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature

import pytest
from openlineage.client import event_v2, facet_v2
from openlineage.client.generated import base

from corpusmill.errors import StoreError
from corpusmill.interchange import openlineage, telling
from corpusmill.interchange.openlineage import Act, dataset, event, report, sources
from corpusmill.interchange.telling import Line, Receiver
from tests.corpusmill import samples

VERSION = samples.version(columns={"id": "string", "alphabetic": "double"})
SNAPSHOT = samples.snapshot(
    files=(
        samples.raw("https://name:secret@host:8080/a/private/page?key=1"),
        samples.raw("https://host:8080/b"),
        samples.raw("file:b.txt"),
    )
)
EVERY = event(
    "COMPLETE",
    Act.begun("bible.build", Act.begun("bible.run")),
    inputs=[dataset(SNAPSHOT), *sources(SNAPSHOT)],
    outputs=[dataset(VERSION), dataset(samples.run()), report(samples.run())],
    unchanged=True,
    error="it failed",
    code="c" * 12,
)


def classes():
    """Every facet class of the library, by its schema."""
    modules = [getattr(facet_v2, name) for name in dir(facet_v2) if hasattr(getattr(facet_v2, name), "__file__")]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {kind._get_schema(): kind for kind in found if hasattr(kind, "_get_schema")}


def facets(told):
    """Every facet of an event."""
    for place in (told["run"]["facets"], told["job"]["facets"]):
        yield from place.items()
    for each in (*told["inputs"], *told["outputs"]):
        for kind in ("facets", "inputFacets", "outputFacets"):
            yield from each.get(kind, {}).items()


def test_every_facet_is_one_that_openlineages_own_class_takes():
    known, seen = classes(), set()
    for name, facet in facets(EVERY):
        kind = known[facet["_schemaURL"]]
        given = {key: value for key, value in facet.items() if not key.startswith("_")}
        kind(**given)
        required = {key for key, each in signature(kind).parameters.items() if each.default is each.empty}
        assert required <= given.keys()
        assert name.replace("_", "").lower() in kind.__name__.lower()
        seen.add(kind.__name__)
    assert len(seen) == len(openlineage._SCHEMAS)


def test_an_event_is_one_that_openlineages_own_class_takes():
    made = event_v2.RunEvent(
        eventTime=EVERY["eventTime"],
        eventType=event_v2.RunState(EVERY["eventType"]),
        producer=EVERY["producer"],
        run=event_v2.Run(**EVERY["run"]),
        job=event_v2.Job(**EVERY["job"]),
        inputs=[base.InputDataset(**each) for each in EVERY["inputs"]],
        outputs=[base.OutputDataset(**each) for each in EVERY["outputs"]],
    )
    assert made.schemaURL == EVERY["schemaURL"]
    assert made.run.facets["parent"]["job"]["name"] == "bible.run"


def test_sources_are_hosts_with_counts_and_no_address_is_told():
    told = list(sources(SNAPSHOT))
    assert [(each["namespace"], each["inputFacets"]["inputStatistics"]["fileCount"]) for each in told] == [
        *(("file", 1), ("https://host", 2)),
    ]
    assert not any(word in json.dumps(EVERY) for word in ("secret", "private", "key=", "b.txt"))


def test_events_are_whole_lines_in_a_file_of_this_process(store):
    line = Line(store)
    threads = [threading.Thread(target=lambda: [line.tell(EVERY) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (path,) = (store.root / "lineage").glob("openlineage-*.jsonl")
    assert [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()] == [EVERY] * 80


def test_what_a_full_disk_cut_short_is_taken_back(store, monkeypatch):
    line = Line(store)
    line.tell(EVERY)
    (path,) = (store.root / "lineage").iterdir()
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(telling.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        line.tell(EVERY)
    assert path.read_bytes() == before


@pytest.fixture
def receiver():
    """A real HTTP server on loopback that keeps what it is sent; `status` is what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((self.path, self.headers.get("Authorization"), json.loads(body)))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 201
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_receiver_gets_the_event_with_its_key(receiver):
    to = Receiver(receiver.address, key="the-key")
    to.send(EVERY)
    assert receiver.got == [("/api/v1/lineage", "Bearer the-key", EVERY)]
    assert (to.failed, "the-key" in repr(to)) == ("", False)
    to.close()


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_receiver_that_refuses_is_not_asked_again(receiver, status):
    receiver.status = status
    to = Receiver(receiver.address, endpoint="elsewhere")
    to.send(EVERY)
    to.send(EVERY)
    assert [path for path, _, _ in receiver.got] == ["/elsewhere"]
    assert to.failed == "the receiver did not take it (HTTPError)"
    to.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "no address", "ftp://host/"])
def test_a_receiver_that_is_not_there_is_told_of_without_its_address(address):
    to = Receiver(address)
    to.send(EVERY)
    assert to.failed.startswith("the receiver did not take it (")
    assert address not in to.failed
    to.close()
