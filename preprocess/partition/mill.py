"""One unit of raw material -> a partition: parse, clean, measure. What a worker process does.

    mill = Mill(corpus, store.root)
    key = mill.run(unit)           # nothing is done where the partition is there already

It sees one unit at a time and knows nothing of the others: duplicates, splits and shards come after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from corpusmill.errors import ParseError
from corpusmill.store import Store, tombstones
from corpusmill.store.ids import code_digest, content_id, document_id, sha256
from corpusmill.store.shards import TYPES
from corpusmill.store.tombstones import REASON, STEP, WHOLE, Tombstones, file_of
from corpusmill.types import Corpus, Document, Drop, RawFile
from preprocess import archive
from preprocess.clean import signals
from preprocess.clean.steps import Step
from preprocess.decide import near
from preprocess.parse import Parser, drop
from preprocess.partition import files as partition
from preprocess.recipe import CODE, Recipe, check, libraries

LARGEST = 64 << 20  # bytes of a body that is parsed in one go, where the parser says nothing else
_GONE = 400  # HTTP statuses from here on are tombstones: the address is known, its body is not


@dataclass(frozen=True, slots=True)
class Part:
    """A file to parse: its bytes, or none where they are still to be read from the store."""

    file: RawFile
    body: bytes | None = None
    before: int = 0  # records before this piece, of a file that is read in pieces


class Mill:
    """Makes the partitions of one corpus."""

    def __init__(self, corpus: Corpus, root: Path, folder: Path | None = None) -> None:
        """Partitions go into `folder`, or else where the store in `root` has them. Raises SpecError."""
        self._recipe, self._licence, self._root = check(corpus), corpus.licence, root
        self.folder = folder or folder_of(Store(root), corpus.name)
        self._asked = sorted({*self._recipe.expect.distinct, *self._recipe.expect.sum})
        self._signals = self._recipe.signals
        self._stones = tombstones.load(Store(root), corpus.name)
        self._made_by = self._decisive()
        self._signed = signer(self._recipe)

    def run(self, parts: Sequence[Part]) -> str:
        """The key of the partition that these parts give. Raises BuildError, CorruptError, OSError."""
        digests = _digests(parts)
        key = self._key(parts, digests)
        if partition.load(self.folder, key) is None:
            writer = partition.Writer(self.folder, key, declared=list(self._recipe.parse.columns), signed=self._signed)
            try:
                for part, digest in zip(parts, digests, strict=True):
                    self._file(_complete(part, digest, self._licence), writer)
                writer.close()
            finally:
                writer.abandon()
        return key

    def found(self, parts: Sequence[Part]) -> str | None:
        """The key of the partition of these parts, where it is there and that can be told without reading any."""
        if any(part.body is not None for part in parts):
            return None
        key = self._key(parts, [""] * len(parts))
        return key if partition.load(self.folder, key) else None

    def known(self, parts: Sequence[Part]) -> str | None:
        """The key of the partition of these parts, where it is there; what was read is digested for it."""
        key = self._key(parts, _digests(parts))
        return key if partition.load(self.folder, key) else None

    def whole(self, file: RawFile) -> str:
        """What stands for all that a large file gives: another where one of its partitions would have another key."""
        return content_id([self._made_by, file.url, file.sha256, file.status, file.licence or self._licence], 32)

    def _decisive(self) -> dict[str, Any]:
        """What decides a partition besides its parts: no thresholds, no splits, nothing of duplicates."""
        table, clean = self._recipe.table, self._recipe.clean
        return {
            "parse": table["parse"],
            "steps": clean.steps,
            "signals": self._recipe.signals,
            "near": clean.near and (clean.near.unit, clean.near.shingle, clean.near.permutations),
            "asked": self._asked,
            "licence": self._licence,
            "code": code_digest(*CODE),
            "libraries": libraries(),
            **({"forgotten": self._stones.digest} if self._stones.digest else {}),
        }

    def _key(self, parts: Sequence[Part], digests: Sequence[str]) -> str:
        files = [
            (p.file.url, p.file.sha256 or digest, p.file.status, p.file.licence or self._licence, p.before)
            for p, digest in zip(parts, digests, strict=True)
        ]
        return content_id([self._made_by, files, digests], 32)

    def _file(self, part: Part, writer: partition.Writer) -> None:
        """A file or each member of an archive; nothing of an archive that is not whole."""
        mark, parts = writer.mark(), writer.index.parts
        try:
            for each in self._opened(part):
                self._part(each, writer)
        except ParseError as error:
            writer.back_to(mark)
            writer.index.parts = parts + 1
            writer.refuse(part.file, error)

    def _opened(self, part: Part) -> Iterator[Part]:
        """The part itself, or what the store has of it. Raises ParseError."""
        if part.body is not None or refused(self._recipe, self._stones, part.file):
            yield part
            return
        for file, body in archive.parts(part.file, self._recipe.parse.members, self._root):
            yield Part(file, body)

    def _part(self, part: Part, writer: partition.Writer) -> None:
        if refusal := refused(self._recipe, self._stones, part.file):
            writer.drop(refusal)
            return
        writer.index.parts += not part.before  # pieces of one file are one
        try:
            results = list(self._parsed(part))
        except ParseError as error:
            writer.refuse(part.file, error)
            return
        for result in results:
            self._keep(result, writer)

    def _parsed(self, part: Part) -> Iterator[Document | Drop]:
        parser, body = self._recipe.parser, part.body or b""
        if part.before:
            return parser.parse(part.file, body, self._recipe.parse, before=part.before)  # type: ignore[call-arg]
        if len(body) > (largest := largest_of(parser)):
            raise too_large(len(body), largest)
        return parser.parse(part.file, body, self._recipe.parse)

    def _keep(self, result: Document | Drop, writer: partition.Writer) -> None:
        recipe, forgotten = self._recipe, is_forgotten(result, self._stones)
        if self._asked and not isinstance(result, Drop):
            identity = self._stones.masked_id(result.id) if forgotten else result.id
            writer.index.counted.append((identity, {k: result.meta[k] for k in self._asked if k in result.meta}))
        cleaned = result if forgotten or isinstance(result, Drop) else through(result, recipe.steps)
        if forgotten or (not isinstance(cleaned, Drop) and self._stones.text(cleaned.text)):
            writer.drop(forgetting(result, self._stones))
            return
        if isinstance(cleaned, Drop):
            writer.drop(cleaned)
            return
        if wrong := _mistyped(cleaned, recipe.parse.columns):
            writer.drop(Drop(id=cleaned.id, step="columns", reason=wrong, source=cleaned.source))
            return
        if self._signals:
            cleaned = replace(cleaned, signals=signals.measure(cleaned.text, self._signals))
        writer.add(cleaned)


def folder_of(store: Store, corpus: str) -> Path:
    """Where a corpus's partitions lie; safe to delete at any time."""
    return store.corpus(corpus) / ".parsed"


def _digests(parts: Sequence[Part]) -> list[str]:
    return ["" if part.body is None else sha256(part.body) for part in parts]


def _complete(part: Part, digest: str, licence: str) -> Part:
    """A part whose file has a digest, its body's if it is a member of an archive, and a licence."""
    if part.file.sha256 and part.file.licence:
        return part
    file = replace(part.file, sha256=part.file.sha256 or digest, licence=part.file.licence or licence)
    return Part(file, part.body, part.before)


def _mistyped(document: Document, columns: Mapping[str, str]) -> str:
    """Which value of a document does not fit its declared column, or nothing."""
    for name, type_ in columns.items():
        value = document.meta.get(name)
        if value is not None and not (type(value) is TYPES[type_][1] and _has_room(value)):
            return f"wrong type: {name} is {str(value)[:40]!r} and no {type_}"
    return ""


def _has_room(value: object) -> bool:
    """Whether a value, if it is a whole number, is one of 64 bits."""
    return not isinstance(value, int) or -(1 << 63) <= value < 1 << 63


def signer(recipe: Recipe) -> partition.Signed | None:
    """What makes the signatures of texts, where near-duplicates are looked for."""
    options = recipe.clean.near
    return (lambda texts: near.signatures(texts, options).tobytes()) if options else None


def largest_of(parser: Parser) -> int:
    """The most bytes that a parser is given at once."""
    largest: int = getattr(parser, "LARGEST", LARGEST)
    return largest


def too_large(size: int, largest: int) -> ParseError:
    """What a file is refused with that would need too much memory."""
    message = f"too large: {size:,} bytes in one piece, and at most {largest:,} are read"
    return ParseError(message, "cut the file, or leave it out")


def through(document: Document, steps: Sequence[Step]) -> Document | Drop:
    """A document after every step, or the drop that one of them made."""
    for step in steps:
        result = step(document)
        if isinstance(result, Drop):
            return result
        document = result
    return document


def refused(recipe: Recipe, stones: Tombstones, file: RawFile) -> Drop | None:
    """The drop that stands for a file that is not parsed, if it is one."""
    if address := stones.address(file.url):
        mask = stones.mask(address)
        return Drop(id=document_id(mask), step=STEP, reason=WHOLE, source=mask)
    reason = left_out(recipe, file)
    return drop(file, "", reason) if reason else None


def is_forgotten(result: Document | Drop, stones: Tombstones) -> bool:
    """Whether a document is one that is to stay forgotten, whatever it says."""
    author, licence = ("", "") if isinstance(result, Drop) else (result.author, result.licence)
    return stones.document(result.id, result.source, author, licence)


def forgetting(result: Document | Drop, stones: Tombstones) -> Drop:
    """The drop that stands for such a document: it names nothing."""
    source = stones.mask(file_of(result.source))
    return Drop(id=stones.masked_id(result.id), step=STEP, reason=REASON, source=source)


def left_out(recipe: Recipe, file: RawFile) -> str:
    """Why a file is not parsed, or nothing."""
    if file.status >= _GONE:
        return f"gone: status {file.status}"
    return next((f"skipped: {pattern}" for pattern in recipe.parse.skip if fnmatchcase(file.url, pattern)), "")
