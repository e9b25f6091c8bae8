"""Who writes the shards of a version and measures it: threads of this process, or a cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from corpusmill.store import Store
from corpusmill.types import Progress, Shard, Split, Version
from preprocess.decide.index import Numbers
from preprocess.decide.resolve import Resolved
from preprocess.publish import sample
from preprocess.publish.rows import Rows
from preprocess.publish.sample import Sample
from preprocess.publish.shelf import Contents, Shelf

Planned = tuple[str, Split, Numbers]
"""The path, split and rows of a shard."""
Finished = tuple[Shard, Contents]


class Making(Protocol):
    """Makes what a version holds."""

    def measure(self, path: Path, name: str, samples: Sequence[Sample]) -> "Future[Any]":
        """Begin to measure (`sample.Begin`)."""

    def shards(self, plan: Sequence[Planned], progress: Progress) -> list[Finished]:
        """Every shard, in the order of the plan, and what is in it. Raises Lost, OSError."""

    def lost(self, plan: Sequence[Planned]) -> list[str]:
        """The partitions of all rows of the plan that are nowhere any more."""


Start = Callable[[Path, Path, Resolved, Store, Version | None], AbstractContextManager[Making]]
"""Takes the work folder, where the partitions lie, what is to be published, the store and the version before."""


def here(workers: int) -> Start:
    """Makes them in so many threads."""

    @contextmanager
    def start(work: Path, beside: Path, resolved: Resolved, store: Store, parent: Version | None) -> Iterator[Making]:
        before = (store.version_folder(parent), parent.shards) if parent else None
        rows = Rows(resolved.table, before)
        executor = ThreadPoolExecutor(max(workers, 1), "shards")
        try:
            yield _Here(rows, Shelf(work, beside, resolved.table, rows, before), resolved, executor)
        finally:
            executor.shutdown(cancel_futures=True)

    return start


@dataclass(frozen=True, slots=True)
class _Here:
    """See Making."""

    rows: Rows
    shelf: Shelf
    resolved: Resolved
    executor: ThreadPoolExecutor

    def measure(self, path: Path, name: str, samples: Sequence[Sample]) -> "Future[Any]":
        return sample.here(self.rows, self.executor)(path, name, samples)

    def shards(self, plan: Sequence[Planned], progress: Progress) -> list[Finished]:
        put = [self.executor.submit(self.shelf.put, *planned, self.resolved.columns) for planned in plan]
        made = []
        for number, future in enumerate(put):
            tell(progress, number, len(put))
            made.append(future.result())
        return made

    def lost(self, plan: Sequence[Planned]) -> list[str]:
        return sorted(set[str]().union(*(self.rows.lost(mine) for _, _, mine in plan)))


def tell(progress: Progress, done: int, total: int) -> None:
    """Say how many shards are there."""
    progress("build", done, total, f"writing shard {done + 1:,} of {total:,}")
