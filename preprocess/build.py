"""The build, top to bottom: parse and clean in parallel, then decide on duplicates, splits and shards, and publish.

    version, made = build(corpus, snapshot, store)

    units       a snapshot's files in units of some megabytes            (this process reads archives)
    mill        a unit -> a partition: documents, drops, digests         (worker processes)
    index       all partitions' digests and sizes as one table           (no text from here on)
    resolve     rules, duplicates, groups, splits
    publish     shards, linked or written; statistics; the manifest last

With `on`, the address of a cluster, its machines mill and write (`preprocess.cluster`); all else is done here.

The same snapshot, sections and code have the same build key, and nothing is done. Nothing depends on the order of the
files, on the clock, the locale, the hash seed or the number of workers. It knows kinds of material and steps only
through the recipe.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from corpusmill import processors
from corpusmill.errors import BuildError, CorruptError, ParseError
from corpusmill.store import Store, commit, tombstones
from corpusmill.store.forget import sweep
from corpusmill.store.ids import code_digest, content_id
from corpusmill.types import Corpus, Progress, Snapshot, Version, silent
from preprocess.cluster.crew import Crew, joined
from preprocess.decide import index
from preprocess.decide.cut import cut
from preprocess.decide.index import Parsed
from preprocess.decide.resolve import Resolved, resolve
from preprocess.decide.split import DOCUMENT
from preprocess.decide.thin import thinned
from preprocess.expect import refuse_incomplete
from preprocess.parse import path_of
from preprocess.partition import files as partition
from preprocess.partition import workers
from preprocess.partition.mill import folder_of
from preprocess.partition.units import Damaged, Reader, Unit, reader, units
from preprocess.publish.making import here
from preprocess.publish.rows import DamagedError, Lost
from preprocess.publish.version import Prepared, publish
from preprocess.recipe import CODE, Recipe, check, libraries

_MUCH = 1 << 20  # bytes read that are worth telling at once
_SOME = 32  # smaller files between two calls; the first is told
_ATTEMPTS = 3  # rows that are lost are made again, once or twice; more would be a bug


def build(
    corpus: Corpus,
    snapshot: Snapshot,
    store: Store,
    *,
    processes: int | None = None,
    on: str = "",
    progress: Progress = silent,
) -> tuple[Version, bool]:
    """The version that a corpus's snapshot gives; the bool is False when it was there already.

    `processes` parse and write at once: default one a processor; where little is new, this one does it. `on` is the
    address of a cluster whose machines do it instead (``ray://…``, ``dask://…``), unless there is little. Raises
    SpecError, ParseError, BuildError (IncompleteError), StoreError (BusyError, CorruptError), UsageError; then nothing
    is published and the version before stays the latest. What was parsed stays, and the next build goes on from it.
    """
    recipe = check(corpus)
    key = build_key(recipe, corpus, snapshot, store)
    with commit.disk_errors(store.root):
        version, made = _find(store, corpus.name, key), False
        if version is None:
            several = processors.available() if processes is None else processes
            with (
                store.lock(corpus.name, "build", f"building {corpus.name}"),
                joined(on, recipe, corpus, snapshot, store, progress) as crew,
            ):
                if not crew:
                    store.fetch(snapshot)
                version, made = _made(recipe, corpus, snapshot, store, crew or several, progress)
        store.set_latest(corpus.name, "latest", version.name)
        if version.build_key != key:  # the same rows by another way: next time they are known
            store.set_latest(corpus.name, f"built/{key}", version.id)
        sweep(store, snapshot, version)
    return version, made


def build_key(recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store) -> str:
    """Digest of all that decides a version's rows."""
    code = {"code": code_digest(*CODE), "libraries": libraries()}
    digest = tombstones.load(store, corpus.name).digest
    forgotten = {"forgotten": digest} if digest else {}
    return content_id(recipe.table | {"snapshot": snapshot.id, "licence": corpus.licence} | code | forgotten)


def prepare(
    recipe: Recipe,
    corpus: Corpus,
    snapshot: Snapshot,
    store: Store,
    by: Crew | int = 0,
    progress: Progress = silent,
) -> Resolved:
    """What is to be published, `by` a cluster or so many processes. Only partitions are written."""
    parsed = _parse(recipe, corpus, snapshot, store, by, progress)
    _refuse_lacking(parsed, recipe, corpus)
    if recipe.split.scheme != DOCUMENT:
        return cut(recipe, corpus, snapshot, store, parsed.parts)
    resolved = resolve(parsed, recipe, corpus.name)
    if options := recipe.clean.rare:
        return resolve(thinned(parsed, resolved, recipe, options), recipe, corpus.name)
    return resolved


def _made(
    recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, by: Crew | int, progress: Progress
) -> tuple[Version, bool]:
    folder = folder_of(store, corpus.name)
    for _ in range(_ATTEMPTS):
        try:
            resolved = prepare(recipe, corpus, snapshot, store, by, progress)
            key = build_key(recipe, corpus, snapshot, store)
            making, beside = (here(by), frozenset[str]()) if isinstance(by, int) else (by.making, by.beside)
            prepared = Prepared(resolved, recipe.table, key, folder, making, beside)
            done = publish(prepared, corpus, snapshot, store, progress)
        except Lost as lost:
            _forget(folder, lost.keys, by)
        except DamagedError as error:
            _forget(folder, [error.key], by)
            raise
        else:
            if not isinstance(by, int):
                by.tidy(resolved.table.keys)
            return done
    raise CorruptError(f"{folder} loses what is put there", "check the disk, then repeat the command")


def _forget(folder: Path, keys: Sequence[str], by: Crew | int) -> None:
    """Remove partitions, so that they are made again."""
    for key in keys:
        partition.forget(folder, key)
    if not isinstance(by, int):
        by.forget(keys)


def _parse(
    recipe: Recipe, corpus: Corpus, snapshot: Snapshot, store: Store, by: Crew | int, progress: Progress
) -> Parsed:
    """Every file's partition; of a damaged archive none, but a drop."""
    damaged: list[Damaged] = []
    if isinstance(by, int):
        told = _told(recipe, snapshot, store, damaged, progress, reader(store.root))
        keyed = workers.run(told, corpus, store.root, by)
    else:
        keyed = by.parse(_told(recipe, snapshot, store, damaged, progress, by.reader()), damaged)
    void = {each.file.url for each in damaged}
    keys = [key for unit, key in keyed if unit.origin not in void or not unit.origin]
    near = recipe.clean.near
    folder = folder_of(store, corpus.name)
    keys += [_ledger(folder, each) for each in damaged]
    parsed = index.join(folder, keys, len(recipe.signals), near.permutations if near else 0)
    total = sum(file.bytes for file in snapshot.files)
    progress("build", total, total, f"{len(parsed.table):,} documents")
    return parsed


def _ledger(folder: Path, damaged: Damaged) -> str:
    """The key of a partition that says no more than that a file is damaged."""
    file, error = damaged.file, damaged.error
    writer = partition.Writer(folder, content_id([file.url, file.sha256, error.message], 32))
    writer.refuse(file, error)
    writer.index.parts = 1
    writer.close()
    return writer.key


def _told(
    recipe: Recipe, snapshot: Snapshot, store: Store, damaged: list[Damaged], progress: Progress, how: Reader
) -> Iterator[Unit]:
    """The units, progress told on the way, what is damaged put aside."""
    total, read, calls = sum(file.bytes for file in snapshot.files), 0, count()

    def tell(url: str, more: int) -> None:
        nonlocal read
        read += more
        if 0 < more < _MUCH and next(calls) % _SOME:  # of a hundred thousand small files, not each
            return
        progress("build", min(read, total - 1), total, f"{path_of(url)}, {read / 1e6:.1f} of {total / 1e6:.1f} MB")

    for each in units(recipe, snapshot, store.root, tell, how):
        if isinstance(each, Damaged):
            damaged.append(each)
        else:
            yield each


def _refuse_lacking(parsed: Parsed, recipe: Recipe, corpus: Corpus) -> None:
    """Raise where nothing could be read, or not all that is declared."""
    unreadable = [f"{path_of(each.url)}, {each.message}" for each in parsed.unreadable]
    if not len(parsed.table) and not parsed.cleaned_away:
        raise _nothing(corpus, parsed)
    if not any(drop.reason == tombstones.WHOLE for drop in parsed.drops):  # nobody knows how much was in those
        refuse_incomplete(parsed, recipe.expect, corpus.name, unreadable)


def _nothing(corpus: Corpus, parsed: Parsed) -> BuildError | ParseError:
    if not parsed.unreadable:
        return BuildError(f"{corpus.name}: there is no document in its files", "look at them, and at [parse]")
    first, *others = sorted(parsed.unreadable, key=lambda each: each.url)
    more = f", and {len(others):,} more files could not be read either" if others else ""
    return ParseError(f"{path_of(first.url)} is not for {corpus.parse['kind']}: {first.message}{more}", first.hint)


def _find(store: Store, corpus: str, key: str) -> Version | None:
    """The version that this key gave before, as its own or as another's equal."""
    known = store.latest(corpus, f"built/{key}")
    return next((v for v in reversed(store.versions(corpus)) if v.build_key == key or v.id == known), None)
