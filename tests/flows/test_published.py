"""The event of a new version comes once it is there, even where the refresh that published it was killed before."""

from pathlib import Path

from corpusmill.store import Store, refs
from corpusmill.types import silent
from flows.pipeline import PLAIN
from flows.pipeline import refresh as plain_refresh
from flows.published import NOTE, PUBLISHED, noted
from flows.stages import collect
from tests.flows.programs import text


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
