"""How corpora and flow runs fare, and what needs somebody: from the store, and from a Prefect server, if any.

    found = look(store, ["bible"], days=35, moment=datetime.now(UTC), server=find(store, os.environ))
    for need in found.needs: print(need.what, need.command)

The store is the truth; without a server nothing of Prefect is imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from corpusmill.store import Store
from flows.health import needs, shelf, stages
from flows.health.needs import Need
from flows.health.server import Orchestra, listen
from flows.health.shelf import Shelf
from flows.health.stages import Last
from flows.service.ask import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What there is to know, and `needs`, what of it needs somebody, first things first."""

    corpora: tuple[Shelf, ...]
    unsuccessful: tuple[Last, ...]  # stages whose last run within the days failed, was stopped or cut off
    server: Orchestra | None  # none is configured
    needs: tuple[Need, ...]


def look(store: Store, names: Sequence[str], *, days: int, moment: datetime, server: Api | None) -> Health:
    """Look at these corpora, or at all; a corpus of the catalogue is to be refreshed every so many `days`.

    Raises StoreError. A server that does not answer is a need, no error.
    """
    corpora = tuple(shelf.look(store, name, moment) for name in names or store.corpora())
    known = {each.corpus for each in corpora}
    last = tuple(each for each in stages.unsuccessful(store, days, moment) if each.corpus in known)
    heard = listen(server, days, moment, names) if server else None
    found = tuple(needs.of(corpora, last, heard, days=days))
    return Health(corpora=corpora, unsuccessful=last, server=heard, needs=found)
