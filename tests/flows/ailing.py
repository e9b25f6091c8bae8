"""A store with one corpus, and what may happen to it."""

from corpusmill.interchange import openlineage
from corpusmill.interchange.openlineage import Act
from corpusmill.interchange.telling import Line
from corpusmill.store import Store
from tests.corpusmill.samples import keep, run, snapshot, version

CHECKED = "2026-01-01T00:00:00+00:00"  # when its source was asked
HELD = "fff999fff999"
LOOK = f"corpusmill show bible/snapshots/{HELD}; then corpusmill collect bible --accept"


def shelved(store: Store) -> Store:
    """A snapshot, a version and a run."""
    keep(store, snapshot(), version(), run())
    for kind, name in {"snapshot": "aaa111aaa111", "latest": "v000001", "checked": CHECKED}.items():
        store.set_latest("bible", kind, name)
    return store


def hold(store: Store) -> None:
    keep(store, snapshot(HELD))
    store.set_latest("bible", "held", HELD)


def tell(store: Store, *kinds: str, stage: str = "collect", why: str = "", given=()) -> None:
    act = Act.begun(f"bible.{stage}")
    for kind in kinds:
        Line(store).tell(openlineage.event(kind, act, error=why, inputs=given))
