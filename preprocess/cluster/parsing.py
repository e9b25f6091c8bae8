"""Units given to a cluster, several at once: their rows stay there, their indexes come here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from preprocess.cluster import work
from preprocess.cluster.gang import Gang
from preprocess.cluster.work import Milled, Site
from preprocess.parse import path_of
from preprocess.partition import files as partition
from preprocess.partition.mill import Mill
from preprocess.partition.units import Damaged, Unit
from preprocess.partition.workers import Made, light
from preprocess.publish.kept import keep, known

SENT = 64 << 20  # bytes of members of an archive that are sent in one call

Keep = Callable[[str, bytes], None]
"""Keeps the index of a partition here."""


class Parsing:
    """Hands that are a cluster's (`workers.Hands`)."""

    def __init__(
        self, gang: Gang, site: Site, milling: Mill, bundle: int, keep_index: Keep, damaged: list[Damaged]
    ) -> None:
        """`bundle` is about how many bytes of raw material are given at once; files that are `damaged` are added."""
        self._gang, self._site, self._mill, self._bundle = gang, site, milling, bundle
        self._keep, self._damaged = keep_index, damaged
        self._held: list[tuple[int, Unit]] = []
        self._size = self._sent = 0
        self._made = Made()
        self.opened: set[str] = set()  # names of the files that say what large files give

    def give(self, number: int, unit: Unit) -> None:
        """See Hands."""
        if unit.closed:
            self._give_file(number, unit)
            return
        sent = sum(len(part.body or b"") for part in unit.parts)
        if sent and (key := self._mill.known(unit.parts)):
            self._made[number] = [(light(unit), key)]
            return
        self._held.append((number, unit))
        self._size, self._sent = self._size + unit.size, self._sent + sent
        if self._size >= self._bundle or self._sent >= SENT:
            self._send()

    def finish(self) -> Made:
        """See Hands."""
        if self._held:
            self._send()
        self._gang.finish()
        return self._made

    def _send(self) -> None:
        given = [unit.parts for _, unit in self._held]
        lights = [(number, light(unit)) for number, unit in self._held]
        doing = f"parsing {path_of(given[0][0].file.url)} and {sum(map(len, given)) - 1:,} files after it"
        self._gang.give(doing, partial(self._took, lights), work.mill, self._site, given, self._bundle)
        self._held, self._size, self._sent = [], 0, 0

    def _took(self, lights: list[tuple[int, Unit]], milled: Milled) -> None:
        for key, index in milled.indexes.items():
            self._keep(key, index)
        for (number, unit), key in zip(lights, milled.keys, strict=True):
            self._made[number] = [(unit, key)]

    def _give_file(self, number: int, unit: Unit) -> None:
        """A large file, unless all that it gives is here."""
        file = unit.parts[0].file
        path = self._mill.folder / f"opened-{self._mill.whole(file)}.json"
        self.opened.add(path.name)
        keys = known(path, list[str])
        if keys is not None and all(partition.load(self._mill.folder, key) for key in keys):
            self._made[number] = [(light(unit), key) for key in keys]
            return
        took = partial(self._took_file, number, light(unit), path)
        self._gang.give(f"parsing {path_of(file.url)}", took, work.mill_file, self._site, file, self._bundle)

    def _took_file(self, number: int, unit: Unit, path: Path, milled: Milled) -> None:
        for key, index in milled.indexes.items():
            self._keep(key, index)
        if milled.damaged:
            self._damaged.append(milled.damaged)
        else:
            keep(path, milled.keys)
        self._made[number] = [(unit, key) for key in milled.keys]
