"""Takes what somebody asks for out of everything that is stored of a corpus, and keeps it out.

    for done in forget(store, asked("https://host/a.html"), without, moment=now(), reason="asked by its author"): ...

In this order, so that who is killed anywhere has only to be repeated, and meanwhile nothing comes back:

    forgotten.json      the tombstones: what was asked, then the ids, texts and bodies that this turned out to mean
    blobs               raw bodies that hold any of it, whatever else they hold
    snapshots           its addresses, in place of which stands a salted hash; ids stay, since others refer to them
    caches              partitions, ids, indexes for tracing, journals of collecting, events
    sweeps              errors that name it go
    runs                marked as tainted, with those of any corpus that started from them; samples that recite it are
                        cleared, reports removed
    versions            written without it
    objects/            in a bucket, what no manifest names any more

A raw file that also holds other documents goes too: nothing can take a part out of an archive. Who collects fetches it
again, who builds leaves out what is forgotten and then removes the file (`sweep`).

How a version is written without some of its documents is for who knows statistics and cards: who calls passes it in.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from corpusmill.errors import BusyError, UnknownNameError, UsageError
from corpusmill.store import Store, caches, commit, pins, remote, scrubbed, shards, tombstones
from corpusmill.store.blobs import blob_path
from corpusmill.store.exchange import mended
from corpusmill.store.found import Found, goes, living, look
from corpusmill.store.recited import Reciting, descended, taint
from corpusmill.store.spare import spare, unpublished
from corpusmill.store.tombstones import STEP, Kind, Tombstones, is_mask
from corpusmill.types import Progress, Removal, Snapshot, Version, silent

Told = Callable[[int, str], Removal]
Without = Callable[[Version, Store, Tombstones, Told], Version | None]
"""Writes a version without what is forgotten; None where there was nothing of it."""

PATIENCE = 10.0  # seconds to wait for who reads a version
_IDENTITY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be forgotten."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked, when and why."""

    what: tuple[Asked, ...]
    moment: str  # UTC, ISO 8601
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What it meant for one corpus."""

    corpus: str
    documents: int  # different ids
    files: int  # addresses that are not fetched again
    blobs: int  # raw bodies removed
    shared: int  # of these, bodies that held other documents too
    versions: tuple[str, ...]  # refs of those that were rewritten, or would be
    tainted: tuple[str, ...]  # refs of runs that had learnt from it, or started from one that had
    reports: tuple[str, ...] = ()  # refs of runs whose reports were removed, to be written again


def asked(what: str) -> Asked:
    """What the words of a command mean. Raises UsageError."""
    kind, _, value = what.partition(":")
    if kind in ("author", "licence"):
        if value.strip():
            return Asked("author" if kind == "author" else "licence", value.strip())
    elif _IDENTITY.fullmatch(what):
        return Asked("id", what)
    elif re.match(r"[a-z][a-z0-9+.-]*:[^*]", what) and not is_mask(what):
        return Asked("prefix", what[:-1]) if what.endswith("*") else Asked("address", what)
    hint = "give an address, one with * at its end for all that begin so, a document's id, author:NAME or licence:ID"
    raise UsageError(f"{what!r} is nothing that can be forgotten", hint)


def forget(
    store: Store,
    what: Iterable[Asked],
    without: Without,
    *,
    moment: str,
    corpus: str = "",
    reason: str = "",
    dry_run: bool = False,
    progress: Progress = silent,
) -> list[Forgotten]:
    """Take it out of every corpus that has it, or of one, which then keeps it out even if it has nothing of it yet.

    Raises UnknownNameError when nobody has it, BusyError when a corpus is worked on or read, CorruptError, StoreError.
    """
    wanted, done = list(what), []
    for name in [corpus] if corpus else store.corpora():
        known = tombstones.load(store, name)
        stones = _with(known, wanted)
        found = look(store, name, stones)
        if not found and not corpus and stones != known:
            continue
        if dry_run:
            done.append(_outcome(store, name, found))
            continue
        with commit.disk_errors(store.root):
            removing = _Removing(store, name, stones, Asking(tuple(wanted), moment, reason))
            done.append(removing.run(found.versions, without, progress))
    if not done:
        raise UnknownNameError("nothing in the store fits that", "name a corpus with --corpus to keep it out of there")
    return done


def sweep(store: Store, snapshot: Snapshot, version: Version) -> None:
    """Remove the raw files of a snapshot in which its build met something forgotten. Raises BusyError, StoreError."""
    corpus = snapshot.corpus
    stones = tombstones.load(store, corpus)
    if not stones.stones:
        return
    drops = shards.read_drops(store.version_folder(version))
    masks = {drop.source for drop in drops if drop.step == STEP}
    if held := {file.sha256 for file in living(snapshot) if stones.mask(file.url) in masks}:
        with store.lock(corpus, "build", f"removing raw files of {corpus}"):  # who forgets writes the list too
            tombstones.save(store, corpus, tombstones.load(store, corpus).adding("blob", held))
            _remove_blobs(store, corpus, held)


def _with(stones: Tombstones, what: Iterable[Asked]) -> Tombstones:
    for each in what:
        stones = stones.adding(each.kind, [each.value])
    return stones


class _Removing:
    """One corpus's turn."""

    def __init__(self, store: Store, corpus: str, stones: Tombstones, asking: Asking) -> None:
        self._store, self._corpus, self._stones, self._asking = store, corpus, stones, asking

    def run(self, read: Iterable[str], without: Without, progress: Progress) -> Forgotten:
        """All of it, in the order that is told above; the versions `read` are those that nobody may read meanwhile."""
        store, corpus = self._store, self._corpus
        doing = f"forgetting something of {corpus}"
        with store.alone(corpus, doing), ExitStack() as alone:
            for other in sorted({child.corpus for _, child in descended(store, store.runs(corpus))} - {corpus}):
                alone.enter_context(store.alone(other, doing))
            mended(store.corpus(corpus) / "versions")
            commit.sweep(store.corpus(corpus) / "versions")
            found = look(store, corpus, self._stones)  # once more: something may have come before there was a lock
            for version in store.versions(corpus):
                affected = version.ref in {*read, *found.versions}
                if affected and not alone.enter_context(pins.alone(store, version, PATIENCE)):
                    raise BusyError(f"somebody reads {version.ref}", "wait for it to end, then repeat the command")
            stones = self._remember(found)
            _remove_blobs(store, corpus, found.blobs)
            _mask_snapshots(store, corpus, stones)
            caches.remove(store, corpus)
            if store.bucket:
                store.bucket.delete([entry.key for entry in unpublished(store, corpus)])
            naming = scrubbed.Naming.of(stones, found)
            scrubbed.events(store, naming)
            scrubbed.sweeps(store, naming)
            reports = self._taint(found, naming) if found else []
            told = partial(_told, self._asking, stones)
            for number, version in enumerate(versions := store.versions(corpus)):
                progress("forget", number, len(versions), version.ref)
                without(version, store, stones, told)
            _remove_spare(store)
            progress("forget", len(versions), len(versions), f"{len(found.ids):,} documents")
            return _outcome(store, corpus, found, tuple(reports))

    def _remember(self, found: Found) -> Tombstones:
        """Put on record what was asked, and then what it turned out to mean, before anything is removed."""
        stones = self._stones.adding("id", found.ids).adding("copied", found.copied).adding("address", found.whole)
        stones = stones.adding("text", found.long).adding("blob", found.blobs)
        tombstones.save(self._store, self._corpus, stones)
        return stones

    def _taint(self, found: Found, naming: scrubbed.Naming) -> list[str]:
        """Mark the runs; the refs of those whose reports went."""
        store, reciting = self._store, Reciting(found.texts, naming)
        at, why = self._asking.moment, self._asking.reason
        runs = store.runs(self._corpus)
        learnt = _learnt(store, self._corpus, found)
        runs += [child for _, child in descended(store, runs) if child.corpus != self._corpus]
        reports = [run.ref for run in runs if taint(run, store, reciting, at, why, learnt.get(run.ref, 0))]
        caches.remove_trainings(store, self._corpus)
        return reports


def _told(asking: Asking, stones: Tombstones, documents: int, content: str) -> Removal:
    hashes = tuple(sorted(stones.hash(each.kind, each.value) for each in asking.what))
    return Removal(at=asking.moment, reason=asking.reason, documents=documents, hashes=hashes, content=content)


def _remove_blobs(store: Store, corpus: str, digests: set[str]) -> None:
    """Remove bodies, but those that another corpus has and did not forget."""
    needed = set[str]()
    for name in store.corpora() if digests else ():
        if name != corpus:
            stones = tombstones.load(store, name)
            needed |= {f.sha256 for s in store.snapshots(name) for f in living(s) if not stones.has("blob", f.sha256)}
    store.remove(*(blob_path(store.root, digest) for digest in sorted(digests - needed)))


def _mask_snapshots(store: Store, corpus: str, stones: Tombstones) -> None:
    """Put a mask in the place of each address that is forgotten."""
    for snapshot in store.snapshots(corpus):
        files = tuple(stones.tombstone(file) if goes(file, stones) else file for file in snapshot.files)
        origin = stones.mask(snapshot.origin) if stones.address(snapshot.origin) else snapshot.origin
        if (files, origin) != (snapshot.files, snapshot.origin):
            folder = store.snapshot_folder(corpus, snapshot.id)
            store.replace(folder, folder, replace(snapshot, files=files, origin=origin))


def _remove_spare(store: Store) -> None:
    """Remove what a bucket still has of what was there before, and of writers that died. Raises BusyError."""
    if not store.bucket:
        return
    with store.lease_alone("objects", PATIENCE) as free:
        if not free:
            raise BusyError(f"somebody publishes in {store.place}", "wait for it to end, then repeat the command")
        remote.finish(store.bucket)
        store.bucket.delete([entry.key for entry in spare(store)])


def _outcome(store: Store, corpus: str, found: Found, reports: tuple[str, ...] = ()) -> Forgotten:
    return Forgotten(
        corpus=corpus,
        documents=len(found.ids | found.copies),
        files=len(found.whole),
        blobs=len(found.blobs),
        shared=len(found.shared),
        versions=tuple(found.versions),
        tainted=tuple(_learnt(store, corpus, found)),
        reports=reports,
    )


def _learnt(store: Store, corpus: str, found: Found) -> dict[str, int]:
    """Runs that learnt from any of it, or started from one that had, by ref: from how many documents."""
    runs = store.runs(corpus)
    learnt = Counter({run.ref: found.learnt[run.version] for run in runs})
    for parent, child in descended(store, runs):
        learnt[child.ref] = max(learnt[child.ref], learnt[parent.ref])
    return {ref: documents for ref, documents in learnt.items() if documents}
