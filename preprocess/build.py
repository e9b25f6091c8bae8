"""The build, top to bottom: parse, check that all is there, clean, drop duplicates, split, publish.

    version, made = build(corpus, snapshot, store)

The same snapshot, sections and code have the same build key, and nothing is done. Nothing depends on the order of the
files, on the clock, the locale or the hash seed. It knows kinds of material and steps only through the recipe.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial

from corpusmill.errors import BuildError, ParseError
from corpusmill.store import Store, commit
from corpusmill.store.ids import code_digest, content_id
from corpusmill.types import SPLITS, Corpus, Document, Drop, Progress, RawFile, Snapshot, Split, Version, silent
from preprocess import archive
from preprocess.decode import decode
from preprocess.dedup import one_per_id, one_per_text
from preprocess.expect import refuse_incomplete
from preprocess.parse import TextOptions, document, drop, path_of
from preprocess.publish import CODE, Prepared, publish
from preprocess.recipe import Recipe, check
from preprocess.split import LEGACY, assign
from preprocess.steps import Step

Splits = dict[Split, list[Document]]
_TOLD = 500  # members of an archive between two notes on progress
_GONE = 400  # HTTP statuses from here on are tombstones: the address is known, its body is not


@dataclass(slots=True)
class _Material:
    """What parsing gave."""

    documents: list[Document] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    unreadable: list[tuple[RawFile, ParseError]] = field(default_factory=list)

    def add(self, other: "_Material") -> None:
        """Take in what another file gave."""
        self.documents += other.documents
        self.drops += other.drops
        self.unreadable += other.unreadable


def build(corpus: Corpus, snapshot: Snapshot, store: Store, *, progress: Progress = silent) -> tuple[Version, bool]:
    """The version that a corpus's snapshot gives; the bool is False when it was there already.

    Raises SpecError, ParseError, BuildError (IncompleteError), StoreError (BusyError, CorruptError); then nothing is
    published and the version before stays the latest.
    """
    recipe = check(corpus)
    key = build_key(recipe, corpus, snapshot)
    with commit.disk_errors(store.root):
        version, made = _find(store, corpus.name, key), False
        if version is None:
            with store.lock(corpus.name, "build", f"building {corpus.name}"):
                splits, drops = prepare(recipe, corpus, snapshot, store, progress)
                prepared = Prepared(splits, drops, recipe.table, key)
                version, made = publish(prepared, corpus, snapshot, store)
        store.set_latest(corpus.name, "latest", version.name)
    return version, made


def build_key(recipe: Recipe, corpus: Corpus, snapshot: Snapshot) -> str:
    """Digest of all that decides a version's rows."""
    inputs = {"snapshot": snapshot.id, "licence": corpus.licence, "code": code_digest(*CODE)}
    return content_id(recipe.table | inputs)


def prepare(
    recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, progress: Progress = silent
) -> tuple[Splits, list[Drop]]:
    """The documents of each split, sorted by id, and everything left out. Nothing is written."""
    material = _parse(recipe, corpus, snapshot, store, progress)
    documents, drops = one_per_id(material.documents)
    unreadable = [f"{path_of(file.url)}, {error.message}" for file, error in material.unreadable]
    refuse_incomplete(documents, recipe.expect, corpus.name, unreadable)
    if recipe.split.scheme in LEGACY:
        return _cut(recipe, corpus, snapshot, store), []
    documents, unclean = clean(documents, recipe.steps)
    documents, twins = one_per_text(documents) if recipe.clean.dedup else (documents, [])
    drops += [*material.drops, *unclean, *twins]
    assert len(documents) + len(drops) == len(material.documents) + len(material.drops)
    if not documents:
        reasons = ", ".join(sorted({d.reason.partition(":")[0] for d in drops}))
        message = f"{corpus.name}: all {len(drops):,} documents were left out ({reasons})"
        raise BuildError(message, "give other material, or loosen [clean]")
    return _split(documents, recipe, corpus), drops


def clean(documents: Iterable[Document], steps: Sequence[Step]) -> tuple[list[Document], list[Drop]]:
    """Every document through every step, in order."""
    kept: list[Document] = []
    drops: list[Drop] = []
    for document_ in documents:
        result = _through(document_, steps)
        if isinstance(result, Document):
            kept.append(result)
        else:
            drops.append(result)
    return kept, drops


def _through(document_: Document, steps: Sequence[Step]) -> Document | Drop:
    for step in steps:
        result = step(document_)
        if isinstance(result, Drop):
            return result
        document_ = result
    return document_


def _parse(recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, progress: Progress) -> _Material:
    files = sorted(snapshot.files, key=lambda file: (file.url, file.sha256))
    total, read, material = sum(file.bytes for file in files), 0, _Material()
    for done, file in enumerate(files):
        tell = partial(progress, "build", done, len(files))
        tell(f"{path_of(file.url)}, {read / 1e6:.1f} of {total / 1e6:.1f} MB")
        material.add(_parse_one(recipe, corpus, file, store, tell))
        read += file.bytes
    progress("build", len(files), len(files), f"{len(material.documents):,} documents")
    if not material.documents:
        raise _nothing(corpus, material)
    return material


def _parse_one(recipe: Recipe, corpus: Corpus, file: RawFile, store: Store, tell: Callable[[str], None]) -> _Material:
    """What a file gives, or each member of an archive; nothing of an archive that is not whole."""
    if reason := _left_out(recipe, file):
        return _Material(drops=[drop(file, "", reason)])
    found = _Material()
    try:
        for count, (part, body) in enumerate(archive.parts(file, recipe.parse.members, store.root), start=1):
            _parse_part(recipe, corpus, part, body, found)
            if count % _TOLD == 0:
                tell(f"{path_of(part.url)}, member {count:,}")
    except ParseError as error:
        return _Material(drops=[drop(file, "", error.message)], unreadable=[(file, error)])
    return found


def _parse_part(recipe: Recipe, corpus: Corpus, file: RawFile, body: bytes, into: _Material) -> None:
    if reason := _left_out(recipe, file):
        into.drops.append(drop(file, "", reason))
        return
    try:
        results = list(recipe.parser.parse(file, body, recipe.parse))
    except ParseError as error:
        into.unreadable.append((file, error))
        results = [drop(file, "", error.message)]
    for result in results:
        if isinstance(result, Document):
            into.documents.append(replace(result, licence=result.licence or corpus.licence))
        else:
            into.drops.append(result)


def _left_out(recipe: Recipe, file: RawFile) -> str:
    """Why a file is not parsed, or nothing."""
    if file.status >= _GONE:
        return f"gone: status {file.status}"
    return next((f"skipped: {pattern}" for pattern in recipe.parse.skip if fnmatchcase(file.url, pattern)), "")


def _nothing(corpus: Corpus, material: _Material) -> BuildError | ParseError:
    if not material.unreadable:
        return BuildError(f"{corpus.name}: there is no document in its files", "look at them, and at [parse]")
    (file, error), *others = material.unreadable
    more = f", and {len(others):,} more files could not be read either" if others else ""
    return ParseError(f"{path_of(file.url)} is not for {corpus.parse['kind']}: {error.message}{more}", error.hint)


def _split(documents: list[Document], recipe: Recipe, corpus: Corpus) -> Splits:
    assigned = assign(documents, recipe.split.fractions, corpus.name)
    found = set(assigned.values())
    return {split: [d for d in documents if assigned[d.id] == split] for split in SPLITS if split in found}


def _cut(recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store) -> Splits:
    """The pieces of the only file, its text untouched: no steps, no duplicates dropped."""
    files = [file for file in snapshot.files if not _left_out(recipe, file)]
    found = (part for file in files for part in archive.parts(file, recipe.parse.members, store.root))
    parts = [part for part in found if not _left_out(recipe, part[0])]
    if len(parts) != 1:
        hint = "use the scheme document"
        raise BuildError(f"{corpus.name}: {recipe.split.scheme} cuts a single file, and there are {len(parts)}", hint)
    (file, body) = parts[0]
    file = replace(file, licence=file.licence or corpus.licence)
    declared = recipe.parse.encoding if isinstance(recipe.parse, TextOptions) else ""
    decoded = decode(body, declared)
    pieces = LEGACY[recipe.split.scheme](decoded.text)
    if not all(pieces.values()):
        raise BuildError(f"{corpus.name}: one piece of {recipe.split.scheme} is empty", "give more text")
    return {split: [document(file, split, text, meta=decoded.meta)] for split, text in pieces.items()}


def _find(store: Store, corpus: str, key: str) -> Version | None:
    return next((version for version in reversed(store.versions(corpus)) if version.build_key == key), None)
