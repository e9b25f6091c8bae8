"""Shards given to a cluster to write, and samples to measure: it takes numbers of rows, and gives names and figures.

In a bucket a shard that the version before has too is named and not touched; in a folder it is linked there.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from corpusmill.store import Store
from corpusmill.store.working import object_key
from corpusmill.types import Progress, Shard, Version
from preprocess.cluster import shelving
from preprocess.cluster.bundle import Selection, selected
from preprocess.cluster.gang import Gang
from preprocess.cluster.shelving import Before, Missing, Order, kin
from preprocess.cluster.work import Site
from preprocess.decide.index import Numbers
from preprocess.decide.resolve import Resolved
from preprocess.publish.kept import keep, known
from preprocess.publish.making import Finished, Planned, Start, tell
from preprocess.publish.rows import Lost
from preprocess.publish.sample import Sample
from preprocess.publish.shelf import Contents, digest_of, name_of


@dataclass(frozen=True, slots=True)
class Making:
    """See `preprocess.publish.making.Making`."""

    gang: Gang
    site: Site
    work: Path
    beside: Path
    resolved: Resolved
    store: Store
    parent: Version | None
    missing: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, gang: Gang, site: Site) -> Start:
        """What starts one."""

        @contextmanager
        def start(
            work: Path, beside: Path, resolved: Resolved, store: Store, parent: Version | None
        ) -> Iterator["Making"]:
            yield cls(gang, site, work, beside, resolved, store, parent)

        return start

    def measure(self, path: Path, name: str, samples: Sequence[Sample]) -> "Future[Any]":
        """See Making."""
        future: Future[Any] = Future()
        measured = known(path, Any)
        if measured is not None:
            future.set_result(measured)
            return future
        told = [(*self._chosen(sample.rows), sample.limit) for sample in samples]
        given = [(chosen, limit, before) for chosen, before, limit in told]
        took = partial(self._measured, path, future)
        self.gang.give(f"measuring {name}", took, shelving.measure, self.site, name, given)
        return future

    def shards(self, plan: Sequence[Planned], progress: Progress) -> list[Finished]:
        """See Making."""
        made: dict[int, Finished] = {}

        def took(number: int, answer: Finished | Missing) -> None:
            self._took(made, number, answer)
            tell(progress, min(len(made), len(plan) - 1), len(plan))

        tell(progress, 0, len(plan))
        for number, planned in enumerate(plan):
            self._give(planned, partial(took, number))
        self.gang.finish()
        if self.missing:
            raise Lost(sorted(self.missing))
        return [finished for _, finished in sorted(made.items())]

    def lost(self, _plan: Sequence[Planned]) -> list[str]:
        """See Making. Every shard has said what it lacks."""
        self.gang.finish()
        return sorted(self.missing)

    def _give(self, planned: Planned, took: "partial[None]") -> None:
        path, split, mine = planned
        rows, before = self._chosen(mine)
        same = self._same(planned)
        doing = f"writing {path}"
        if same and self.store.bucket:
            self._share(replace(same, path=path), same, doing, took)
            return
        work = self.work.relative_to(self.store.root).as_posix()
        order = Order(path, split, rows, self.resolved.columns, work, before)
        if same:
            self.gang.give(doing, took, shelving.link, self.site, order, same)
        else:
            self.gang.give(doing, took, shelving.write, self.site, order)

    def _chosen(self, rows: Numbers) -> tuple[Selection, Before | None]:
        """Rows, and the shards of the version before that may hold them."""
        chosen = selected(self.resolved.table, rows)
        if not self.parent:
            return chosen, None
        return chosen, Before(self._parent_folder, kin(self.parent, chosen.records))

    def _same(self, planned: Planned) -> Shard | None:
        """The shard of the version before that has exactly these rows."""
        _, split, mine = planned
        digest = digest_of(self.resolved.table, mine)
        shards = self.parent.shards if self.parent else ()
        return next((shard for shard in shards if (shard.split, shard.content_digest) == (split, digest)), None)

    def _share(self, shard: Shard, old: Shard, doing: str, took: "partial[None]") -> None:
        """In a bucket: name a shard of the version before, once it is in objects/ too, and counted."""
        bucket = self.store.bucket
        assert bucket
        if bucket.size(object_key(shard.sha256)) is None:
            bucket.copy(f"{self._parent_folder}/{old.path}", object_key(shard.sha256))
        contents = known(self.beside / name_of(shard), Contents)
        if contents:
            took((shard, contents))
            return

        def counted(found: Contents) -> None:
            took((shard, found))

        self.gang.give(doing, counted, shelving.count, self.site, self._parent_folder, old)

    @property
    def _parent_folder(self) -> str:
        assert self.parent
        return f"{self.parent.corpus}/versions/{self.parent.name}"

    def _took(self, made: dict[int, Finished], number: int, answer: Finished | Missing) -> None:
        if isinstance(answer, Missing):
            self.missing.update(answer.keys)
            return
        made[number] = answer
        keep(self.beside / name_of(answer[0]), answer[1])

    def _measured(self, path: Path, future: "Future[Any]", answer: Any) -> None:
        if isinstance(answer, Missing):
            self.missing.update(answer.keys)
            future.set_exception(Lost(sorted(answer.keys)))
            return
        keep(path, answer)
        future.set_result(answer)
