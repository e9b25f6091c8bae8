"""What tells of documents by name, once one of them had to be forgotten: events of stages, and what came of sweeps.

    naming = Naming.of(stones, found)
    events(store, naming)
    sweeps(store, naming)

Hashes take the place of addresses and ids. What an error says of a document (a training that diverges names those of
its batch, with their titles) goes as a whole: nobody can tell where a title ends.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from corpusmill.store import Store, commit, working
from corpusmill.store import sweeps as kept
from corpusmill.store.ids import canonical, pretty

if TYPE_CHECKING:
    from corpusmill.store.found import Found
    from corpusmill.store.tombstones import Tombstones

NAMED = "[removed: it named a document that was to be forgotten]"


@dataclass(frozen=True, slots=True)
class Naming:
    """What is forgotten by its name, and what stands in the place of that."""

    masks: Mapping[str, str]
    known: re.Pattern[str]

    @classmethod
    def of(cls, stones: "Tombstones", found: "Found") -> "Naming":
        """The addresses of files that go as a whole, and the ids of all documents that go."""
        masks = {address: stones.mask(address) for address in found.whole}
        masks |= {identity: stones.masked_id(identity) for identity in found.ids | found.copies}
        longest_first = sorted(masks, key=len, reverse=True)
        return cls(masks, re.compile("|".join(map(re.escape, longest_first)) or r"(?!)"))

    def among(self, text: str) -> bool:
        """Whether a text names any."""
        return bool(self.known.search(text))

    def masked(self, text: str) -> str:
        """A text with hashes in the place of names."""
        return self.known.sub(lambda name: self.masks[name[0]], text)


NOTHING = Naming({}, re.compile(r"(?!)"))


def events(store: Store, naming: Naming) -> None:
    """Mask names in the events that tell of them. Raises StoreError."""
    if store.bucket:
        working.take_all(store.root, store.bucket, store.root / "lineage")
    for path in (store.root / "lineage").glob("*.jsonl"):
        body = path.read_text(encoding="utf-8")
        if naming.among(body):
            lines = (_event(line, naming) for line in body.splitlines(keepends=True))
            commit.write_file(path, "".join(lines).encode())
            store.keep(path)


def sweeps(store: Store, naming: Naming) -> None:
    """Mask names in what came of sweeps, wherever it is kept: trials of one may be of several corpora.

    Raises CorruptError, StoreError.
    """
    for corpus in store.corpora():
        for name in kept.names(store, corpus):
            body = kept.read(store, corpus, name)
            if body and naming.among(body.decode()):
                kept.write(store, corpus, name, _sweep(body, naming))


def _event(line: str, naming: Naming) -> str:
    if naming.among(line) and "errorMessage" in line:
        told = msgspec.json.decode(line)
        error = told.get("run", {}).get("facets", {}).get("errorMessage", {})
        if naming.among(error.get("message", "")):
            error["message"] = NAMED
            line = msgspec.json.encode(told).decode() + "\n"
    return naming.masked(line)


def _sweep(body: bytes, naming: Naming) -> bytes:
    told: dict[str, Any] = msgspec.json.decode(body)
    del told["sha256"]  # the seal
    for entry in told["entries"]:
        if naming.among(entry["error"]):
            entry["error"] = NAMED
    return pretty(msgspec.json.decode(naming.masked(canonical(told).decode())))
