"""A build on a cluster, from the machine that asked for it: it gives the work, gets the indexes, and decides.

    with joined(on, recipe, corpus, snapshot, store, progress) as crew:
        keyed = crew.parse(...)
        publish(... crew.making ...)
        crew.tidy(version)

Texts never come here, but those of a large archive that this machine unpacks for the others. Who decides, publishes and
holds the corpus's lock is this process alone.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from corpusmill.store import Store, commit, working
from corpusmill.types import Corpus, Progress, RawFile, Snapshot
from preprocess.cluster import same, work
from preprocess.cluster.depot import depot_of
from preprocess.cluster.gang import Gang
from preprocess.cluster.machines import Cluster, check, cluster_at
from preprocess.cluster.making import Making
from preprocess.cluster.parsing import Parsing
from preprocess.cluster.work import Site
from preprocess.decide.split import DOCUMENT
from preprocess.partition import workers
from preprocess.partition.mill import Mill, folder_of, left_out
from preprocess.partition.units import SMALL, Damaged, Reader, Unit, can_cut
from preprocess.partition.workers import Keyed
from preprocess.publish.making import Start
from preprocess.recipe import Recipe

FEW_BYTES = 8 << 20  # of a snapshot: below, a build is done before a cluster has been asked
BUNDLE = 64 << 20  # bytes of rows in a file, at least: a shard asks for a part of each of these
MOST_BUNDLE = 1 << 30  # and at most: what a machine does again where one dies, and has room for
_BUNDLES = 256  # of a corpus, about, between these two
_LOOKED_AT = 1024  # small files whose beginnings are looked at in one call


@contextmanager
def joined(
    on: str, recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, progress: Progress
) -> Iterator["Crew | None"]:
    """The cluster at an address, looked over; None where none is named, or this build is not for one.

    Raises UsageError, BuildError.
    """
    if on:
        check(on)
    size = sum(file.bytes for file in snapshot.files)
    if not on or size < FEW_BYTES or recipe.split.scheme != DOCUMENT or recipe.clean.rare:
        yield None
        return
    progress("build", 0, size, f"joining {on}")
    with cluster_at(on) as cluster, Gang(cluster).running() as gang:
        crew = Crew(gang, cluster, recipe, Site(corpus, store.place), snapshot, store)
        crew.look()
        crew.take_over()
        yield crew


class Crew:
    """The machines of a cluster, for one build."""

    def __init__(
        self, gang: Gang, cluster: Cluster, recipe: Recipe, site: Site, snapshot: Snapshot, store: Store
    ) -> None:
        """Nothing is asked yet."""
        self._gang, self._cluster, self._recipe, self._site = gang, cluster, recipe, site
        self._snapshot, self._store = snapshot, store
        self._folder = folder_of(store, site.corpus.name)
        self._depot = depot_of(store, site.corpus.name)
        self.beside: frozenset[str] = frozenset()  # names of files beside the partitions that the next build can use

    def look(self) -> None:
        """See that every machine would build the same, and sees the store. Raises BuildError, naming it."""
        name = f"probe-{uuid.uuid4().hex}"
        self._depot.put(name, b"1")
        try:
            for machine, answer in sorted(self._cluster.on_each({}, work.look, self._site, name).items()):
                same.refuse_unfit(machine, answer)
        finally:
            self._depot.remove([name])

    def take_over(self) -> None:
        """Have the indexes here that another machine, or a build that was cut off, has put into the depot."""
        here = {path.stem for path in self._folder.glob("*.index")} if self._folder.is_dir() else set()
        names = [name for name in self._depot.names() if name.endswith(".indexes")]
        for indexes in working.each(self._indexes, names):
            for key in indexes.keys() - here:
                self._keep(key, indexes[key])

    def reader(self) -> Reader:
        """How this build comes by its files."""
        taken = [f for f in self._snapshot.files if f.sha256 and not left_out(self._recipe, f)]
        packed = self._packed([f for f in taken if f.bytes <= SMALL]) if can_cut(self._recipe) else set[str]()
        large = [f for f in taken if f.bytes > SMALL or f.sha256 in packed]
        closed = len(large) >= self._cluster.processors()
        return Reader(lambda file: file.sha256 in packed, self._bring, closed=closed)

    def parse(self, units: Iterable[Unit], damaged: list[Damaged]) -> list[Keyed]:
        """The origin and key of each partition, in the order of the units; files that are damaged are added."""
        size = sum(file.bytes for file in self._snapshot.files)
        milling = Mill(self._site.corpus, self._store.root)
        bundle = min(max(BUNDLE, size // _BUNDLES), MOST_BUNDLE)
        hands = Parsing(self._gang, self._site, milling, bundle, self._keep, damaged)
        made = workers.Made()
        for number, unit in enumerate(units):
            key = None if unit.closed else milling.found(unit.parts)
            if key:
                made[number] = [(workers.light(unit), key)]
            else:
                hands.give(number, unit)
        made |= hands.finish()
        self.beside = frozenset(hands.opened)
        return workers.in_order(made)

    @property
    def making(self) -> Start:
        """Who writes the shards."""
        return Making.of(self._gang, self._site)

    def forget(self, keys: Iterable[str]) -> None:
        """Remove from the depot what is known of partitions, so that they are made again."""
        gone = set(keys)
        names = [name for name in self._depot.names() if name.endswith(".indexes")]
        self._depot.remove([n for n in names if not gone.isdisjoint(self._indexes(n))])

    def tidy(self, keys: Iterable[str]) -> None:
        """After publishing: keep the indexes of these partitions only."""
        living, names = set(keys), self._depot.names()
        old = [name for name in names if name.endswith(".indexes") and living.isdisjoint(self._indexes(name))]
        self._depot.remove([*old, *(name for name in names if name.endswith(".rows"))])

    def _indexes(self, name: str) -> dict[str, bytes]:
        try:
            return msgspec.msgpack.decode(self._depot.get(name), type=dict[str, bytes])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _keep(self, key: str, index: bytes) -> None:
        """Have an index where all partitions have theirs; what is damaged is found out when it is read."""
        commit.make_folder(self._folder)
        half = self._folder / f"{key}.index.tmp"
        half.write_bytes(index)
        half.rename(self._folder / f"{key}.index")

    def _bring(self, file: RawFile) -> None:
        if self._store.bucket:
            working.fetch_blobs(self._store.root, self._store.bucket, [file.sha256])

    def _packed(self, files: Sequence[RawFile]) -> set[str]:
        """The digests of those that are archives or packed, which machines look at that are nearer to them."""
        found: set[str] = set()
        digests = sorted({file.sha256 for file in files})
        for start in range(0, len(digests), _LOOKED_AT):
            some = digests[start : start + _LOOKED_AT]
            self._gang.give("looking at files", found.update, work.packed, self._site, some)
        self._gang.finish()
        return found
