"""A version, opened: its documents, tables, ids and batches, where it came from and how it differs from another."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from corpusmill import lineage
from corpusmill.api import show
from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.lineage import Graph
from corpusmill.store import Store, pins, refs
from corpusmill.types import SPLITS, Document, Split, Version

if TYPE_CHECKING:
    from corpusmill.diff import Diff
    from model.windows import Windows
    from preprocess.ids import Encoded
    from preprocess.vocab import Tokens, Unit

Read = TypeVar("Read")
SEPARATOR = "\n\n"  # between two documents, unless asked otherwise; as in training


@dataclass(frozen=True, repr=False)  # without slots: `dataset` is kept once it was checked
class OpenVersion:
    """A version and the store that it lies in."""

    manifest: Version
    store: Store

    @property
    def ref(self) -> str:
        """How the command line names it, ``bible@v3``."""
        return self.manifest.ref

    @property
    def folder(self) -> Path:
        """Where it lies: Parquet, JSON and a dataset card that other tools read as they are."""
        return self.store.version_folder(self.manifest)

    @cached_property
    def dataset(self) -> Any:
        """A `pyarrow.dataset.Dataset` of all shards, with the column ``split`` besides those that they have.

        Each shard is compared with its SHA-256 now, and each page with its checksum when it is read. While it is in
        use nobody removes the version. Raises CorruptError.
        """
        from corpusmill.api.tables import dataset

        with ExitStack() as reading:
            reading.enter_context(pins.held(self.store, self.manifest))
            made = dataset(self.manifest, self.folder)
            weakref.finalize(made, reading.pop_all().close)
        return made

    def documents(self, split: Split | None = None) -> Iterator[Document]:
        """The documents of a split, or of all, a shard at a time. Raises UnknownNameError, CorruptError."""
        from corpusmill.store import shards

        asked = split and self._split(split)
        return self._held(lambda: shards.documents(self.folder, self.manifest.shards, asked))

    def texts(self, split: Split = "train") -> Iterator[str]:
        """The texts of a split, in the order of shards and ids. Raises UnknownNameError, CorruptError."""
        from corpusmill.store import shards

        asked = self._split(split)
        return self._held(lambda: shards.texts(self.folder, self.manifest.shards, asked))

    def vocabulary(self, min_count: int = 1, separator: str = SEPARATOR, unit: "Unit" = "character") -> "Tokens":
        """The characters, or words, that occur at least so often in train, separators included; of bytes, all."""
        from preprocess.ids import learnt

        return learnt(self.manifest, self.store, unit, separator, min_count)

    def ids(self, vocabulary: "Tokens | None" = None, separator: str = SEPARATOR) -> Mapping[Split, "Encoded"]:
        """Every split as ids of a vocabulary, by default its own: `ids()["train"].ids`, `.starts`.

        They are encoded once, kept in the store's cache and mapped from there, so they need no memory of their own.
        Raises CorruptError, StoreError.
        """
        from corpusmill.store import commit
        from preprocess.ids import encoded

        with commit.disk_errors(self.store.root), pins.held(self.store, self.manifest):
            return encoded(self.manifest, self.store, vocabulary or self.vocabulary(separator=separator), separator)

    def torch(
        self,
        seq: int,
        batch: int,
        split: Split = "train",
        *,
        vocabulary: "Tokens | None" = None,
        separator: str = SEPARATOR,
        seed: int = 1,
    ) -> "Windows":
        """Pairs of tensors (input, target) of ids, int64 [batch, seq]; a target is the id that follows.

        The text is read in `batch` places side by side, so row i goes on where row i of the pair before ended. One
        loop is one epoch; the next begins its windows elsewhere. Raises UsageError where the text is too short.
        """
        from model.windows import Windows

        there = self.ids(vocabulary, separator)[self._split(split)]
        return Windows(there.ids, seq, batch, seed, f"the {split} split of {self.ref}")

    @property
    def lineage(self) -> Graph:
        """What it was made of and what was made of it, as a graph that prints itself."""
        return lineage.trace(self.store, self.ref)

    def diff(self, other: "OpenVersion | str") -> "Diff":
        """What came, went and changed from this version to another. Raises UnknownNameError, UsageError."""
        from corpusmill.diff import diff

        after = refs.version(self.store, other) if isinstance(other, str) else other.manifest
        if isinstance(other, OpenVersion) and other.store != self.store:
            raise UsageError(f"{other.ref} is in another store, {other.store.root}", "compare versions of one store")
        return diff(self.store, self.manifest, after)

    def _held(self, read: Callable[[], Iterator[Read]]) -> Iterator[Read]:
        """What is read, the version kept from being removed until all of it was."""
        with pins.held(self.store, self.manifest):
            yield from read()

    def _split(self, split: str) -> Split:
        """A split that it has. Raises UnknownNameError."""
        there = [each for each in SPLITS if any(shard.split == each for shard in self.manifest.shards)]
        for each in there:
            if each == split:
                return each
        raise UnknownNameError(f"{self.ref} has no split {split!r}", f"it has {', '.join(there)}")

    def __repr__(self) -> str:
        return f"<{self.ref}: {show.size(self.manifest.shards)}>"

    def _repr_html_(self) -> str:
        return show.version(self.manifest, self.folder)
