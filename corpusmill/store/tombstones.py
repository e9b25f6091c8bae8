"""What was asked to be forgotten, as salted hashes: ``STORE/<corpus>/forgotten.json``.

    stones = tombstones.load(store, "bible").adding("address", ["https://host/a.html"])
    stones.address("https://host/a.html")       # "https://host/a.html": it is not to be fetched or read
    stones.mask("https://host/a.html")          # "forgotten:3f…": what stands in its place

The list is what keeps a refresh from bringing anything back: who collects asks it about addresses, who builds about
documents. It holds no address, name or text, so it tells nobody what was there; whoever knows one can ask it. A prefix
is told by its length and its hash. A list that is damaged is an error and never an empty one.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import msgspec

from corpusmill.errors import CorruptError
from corpusmill.store import Store, commit
from corpusmill.store.blobs import blob_path
from corpusmill.store.ids import content_id, pretty, sha256
from corpusmill.store.seal import broken, seal
from corpusmill.types import RawFile, Snapshot

Kind = Literal["address", "prefix", "id", "author", "licence", "text", "copied", "blob"]
"""`text`: of which no copy may come back; `copied`: the id of a document with such a text; `blob`: a body that went."""
FILE = "forgotten.json"
MASK = "forgotten:"  # begins what stands where an address stood
GONE = 410  # HTTP: there was something, and it will not come back
STEP, REASON, WHOLE = "forget", "asked for", "asked for: a whole file"  # how the ledger of drops tells of it
SHORTEST = 64  # characters of a text that a copy is known by: a shorter one may be anybody's
_DECIDING = frozenset(get_args(Kind)) - {"copied", "blob"}
_FOLDED = ("author", "licence")  # kinds that are compared without regard to case


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One thing that is to stay forgotten."""

    kind: Kind
    hash: str
    length: int = 0  # of a prefix, in characters


@dataclass(frozen=True, slots=True)
class Tombstones:
    """All of a corpus."""

    salt: str = ""
    stones: frozenset[Tombstone] = frozenset()
    lengths: tuple[int, ...] = ()  # of the prefixes
    kinds: frozenset[Kind] = frozenset()  # that there are, so that a list of ids costs no hash of any address

    @property
    def digest(self) -> str:
        """What a build has to tell one list from another by; empty where nothing was forgotten."""
        deciding = sorted((s.kind, s.hash, s.length) for s in self.stones if s.kind in _DECIDING)
        return content_id([self.salt, deciding]) if deciding else ""

    def adding(self, kind: Kind, values: Iterable[str]) -> "Tombstones":
        """These and more; the first of all brings the salt."""
        salted = self if self.salt else replace(self, salt=secrets.token_hex(16))
        more = {Tombstone(kind, salted.hash(kind, v), len(v) if kind == "prefix" else 0) for v in values}
        return _of(salted.salt, self.stones | more)

    def hash(self, kind: Kind, value: str) -> str:
        """64 hex digits that stand for a value."""
        told = value.strip().casefold() if kind in _FOLDED else value
        return sha256(f"{self.salt}\n{kind}\n{told}".encode("utf-8", "surrogatepass"))

    def has(self, kind: Kind, value: str) -> bool:
        """Whether this very value is to stay forgotten."""
        return kind in self.kinds and Tombstone(kind, self.hash(kind, value)) in self.stones

    def address(self, source: str) -> str:
        """What of a source is forgotten: the file, of a member of an archive the archive or itself; else nothing."""
        whole = file_of(source)
        return next((each for each in dict.fromkeys((whole, source)) if self._forgotten(each)), "")

    def document(self, identity: str, source: str, author: str, licence: str) -> bool:
        """Whether a document is forgotten by what it is called, where it is from, whose it is, or its licence."""
        return bool(
            self.has("id", identity)
            or self.address(source)
            or (author and self.has("author", author))
            or (licence and self.has("licence", licence))
        )

    def text(self, text: str) -> bool:
        """Whether a text is a copy of one that is forgotten."""
        return len(text) >= SHORTEST and self.has("text", text)

    def mask(self, address: str) -> str:
        """What stands in the place of an address; of a mask itself, that mask."""
        return address if is_mask(address) else f"{MASK}{self.hash('address', address)[:32]}"

    def tombstone(self, file: RawFile) -> RawFile:
        """What a snapshot keeps of a file that is forgotten: that there was one, and when it was fetched."""
        mask = self.mask(self.address(file.url) or file.url)
        return RawFile(url=mask, final_url=mask, status=GONE, sha256="", bytes=0, fetched_at=file.fetched_at)

    def masked_id(self, identity: str) -> str:
        """What stands in the place of a document's id."""
        return self.hash("id", identity)[:32]

    def _forgotten(self, address: str) -> bool:
        if is_mask(address) or self.has("address", address):
            return True
        starts = (address[:length] for length in self.lengths if len(address) >= length)
        return any(Tombstone("prefix", self.hash("prefix", s), len(s)) in self.stones for s in starts)


def is_mask(address: str) -> bool:
    """Whether an address is one that stands in another's place."""
    return address.startswith(MASK)


def file_of(source: str) -> str:
    """The address of the file that a source is in: of a member of an archive, the archive's."""
    return source.partition("!/")[0]


def removed(store: Store, snapshot: Snapshot) -> set[str]:
    """The digests of a snapshot's bodies that are not there because they held something forgotten."""
    stones = load(store, snapshot.corpus)
    bodies = {file.sha256 for file in snapshot.files if file.sha256 and stones.has("blob", file.sha256)}
    return {digest for digest in bodies if not blob_path(store.root, digest).exists()}


def path_of(store: Store, corpus: str) -> Path:
    """Where the list lies."""
    return store.corpus(corpus) / FILE


def load(store: Store, corpus: str) -> Tombstones:
    """The list of a corpus. Raises CorruptError for one that is damaged."""
    path = path_of(store, corpus)
    store.take(path)
    try:
        body = path.read_bytes()
        told = msgspec.json.decode(body, type=_File)
    except FileNotFoundError:
        return Tombstones()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptError(f"{path} is damaged: {error}", _REMEDY) from error
    if broken(body):
        raise CorruptError(f"{path} is damaged: it is not what was sealed", _REMEDY)
    return _of(told.salt, frozenset(told.forgotten))


def save(store: Store, corpus: str, stones: Tombstones) -> None:
    """Write the list, whole or not at all."""
    ordered = sorted(stones.stones, key=lambda stone: (stone.kind, stone.hash))
    path = path_of(store, corpus)
    commit.write_file(path, seal(pretty(_File(stones.salt, tuple(ordered)))))
    store.keep(path)


@dataclass(frozen=True, slots=True)
class _File:
    salt: str
    forgotten: tuple[Tombstone, ...]


def _of(salt: str, stones: frozenset[Tombstone]) -> Tombstones:
    lengths = {stone.length for stone in stones if stone.kind == "prefix"}
    return Tombstones(salt, stones, tuple(sorted(lengths)), frozenset(stone.kind for stone in stones))


_REMEDY = "restore it from a copy: without it, a refresh would bring back what was to be forgotten"
