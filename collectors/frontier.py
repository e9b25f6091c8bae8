"""Pages still to visit, in SQLite, so that a killed crawl goes on where it was.

    frontier.add([("https://host/", 0)])
    while page := frontier.next():
        frontier.done(page[0], links=[("https://host/a", 1)])

What is known is never added twice. It knows addresses as they stand: who adds them makes them canonical.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from enum import IntEnum
from urllib.parse import urlsplit

_SCHEMA = """
create table if not exists page (
    n integer primary key, url text not null unique, host text not null, depth integer not null, state integer not null
);
create index if not exists page_open on page (depth, n) where state < 2;
"""
_ADD = "insert or ignore into page (url, host, depth, state) values (?, ?, ?, 0)"
_NEARER = "update page set depth = ?, state = iif(state = 2, 1, state) where url = ? and depth > ?"
_MOVE = "update page set state = ? where url = ?"
_NEXT = "select url, depth from page where state < 2 {apart} order by depth, n limit 1"


class State(IntEnum):
    """What became of a page. Those below KEPT are open."""

    WAITING = 0
    AGAIN = 1  # kept, but reached in fewer steps since, so that more of its links count
    KEPT = 2
    NAMED = 3  # another name of a page that is kept, or of none: not a page of its own
    REFUSED = 4  # it may not be asked for


class Frontier:
    """The pages of one crawl: breadth first, in the order in which they were found."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """The connection is the caller's; what was refused before may be asked for again."""
        self._connection = connection
        connection.executescript(_SCHEMA)
        with connection:
            connection.execute("update page set state = ? where state = ?", (State.WAITING, State.REFUSED))
        states = connection.execute("select state, count(*) from page group by state").fetchall()
        self._counts = Counter[State]()
        for state, count in states:
            self._counts[_counted(State(state))] += count

    def add(self, urls: Iterable[tuple[str, int]]) -> int:
        """Put addresses and their depths at the end, those not known yet; returns how many were new."""
        with self._connection:
            return self._add(urls)

    def next(self, apart: Collection[str] = ()) -> tuple[str, int] | None:
        """The first page that is open and its depth, those of the hosts `apart` aside; it stays so until it is done."""
        query = _NEXT.format(apart=f"and host not in ({', '.join('?' * len(apart))})" if apart else "")
        row = self._connection.execute(query, tuple(apart)).fetchone()
        return (row[0], row[1]) if row else None

    def done(self, url: str, links: Iterable[tuple[str, int]] = (), names: Iterable[str] = ()) -> None:
        """A page is kept: add its links, and note its other names, so that these are not visited.

        All of it happens, or nothing. A start page (depth 0) that another page takes for a name of its own stays.
        """
        with self._connection:
            self._add(links)
            self._move(url, State.KEPT)
            for name in names:
                if not self._connection.execute("select 1 from page where url = ?", (name,)).fetchone():
                    self._add([(name, 1)])
                self._move(name, State.NAMED, where="state = 0 and depth > 0")

    def pass_over(self, url: str, *, refused: bool = False) -> None:
        """A page is not kept: it is `refused`, or just another name of one that is."""
        with self._connection:
            self._move(url, State.REFUSED if refused else State.NAMED)

    def state(self, url: str) -> State | None:
        """What became of an address; None for one that is not known."""
        row = self._connection.execute("select state from page where url = ?", (url,)).fetchone()
        return State(row[0]) if row else None

    def visited(self) -> Iterator[str]:
        """Every page that is kept, in the order in which they are visited."""
        kept = (State.AGAIN, State.KEPT)
        query = "select url from page where state in (?, ?) order by depth, n"
        yield from [url for (url,) in self._connection.execute(query, kept)]

    def total(self) -> int:
        """How many pages there are, as far as is known."""
        return self._counts.total() - self._counts[State.NAMED]

    def finished(self) -> int:
        """How many pages are visited; one to be searched again is."""
        return self.total() - self._counts[State.WAITING]

    def kept(self) -> int:
        """How many pages are kept."""
        return self._counts[State.KEPT]

    def refused(self) -> int:
        """How many pages may not be asked for."""
        return self._counts[State.REFUSED]

    def _add(self, urls: Iterable[tuple[str, int]]) -> int:
        rows = [(url, urlsplit(url).netloc, depth) for url, depth in urls]
        new = max(self._connection.executemany(_ADD, rows).rowcount, 0)
        self._connection.executemany(_NEARER, [(depth, url, depth) for url, _, depth in rows])
        self._counts[State.WAITING] += new
        return new

    def _move(self, url: str, state: State, where: str = "true") -> None:
        before = self.state(url)
        moved = self._connection.execute(f"{_MOVE} and {where}", (state, url)).rowcount
        if before is not None and moved:
            self._counts[_counted(before)] -= 1
            self._counts[state] += 1


def _counted(state: State) -> State:
    return State.KEPT if state is State.AGAIN else state
