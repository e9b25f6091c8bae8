"""Transports: how raw bytes are got. A corpus's ``[source] transport`` names one; `collect` makes a snapshot of it.

Each transport module has `Options` (its keys of ``[source]``), `origin(options)` in words, and
``collect(options, intake) -> Iterator[(RawFile, how many in all)]``. It knows addresses and files, never what is in
them. Keys that every transport has: ``[source.limits]`` and, for requests, ``[source.headers]``.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import requests

from collectors import api, archive, crawl, files, hold, local
from collectors.intake import PARTS, Intake
from collectors.meter import Meter
from corpusmill import spec
from corpusmill.errors import CollectError, HeldError, SpecError, StoreError
from corpusmill.http import Client, Limits, now
from corpusmill.store import Store, blobs, pins
from corpusmill.store.commit import disk_errors, sweep, work_folder
from corpusmill.store.ids import content_id
from corpusmill.store.tombstones import is_mask
from corpusmill.types import Corpus, Progress, RawFile, Snapshot, silent

TRANSPORTS: dict[str, ModuleType] = {
    "api": api,
    "archive": archive,
    "crawl": crawl,
    "files": files,
    "local": local,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The checked ``[source]`` of a corpus."""

    transport: ModuleType
    options: Any
    limits: Limits

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        return str(self.transport.origin(self.options))


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collect gave; `made` is whether the snapshot is new."""

    snapshot: Snapshot
    made: bool
    economics: Mapping[str, Any]  # what it cost and what was spared
    notes: tuple[str, ...] = ()  # what a reader should know: addresses that are gone


@dataclass(frozen=True, slots=True)
class _Headers:
    headers: dict[str, str]


def check(corpus: Corpus) -> Plan:
    """The transport a corpus names and its checked options. Raises SpecError; touches nothing."""
    table, where = dict(corpus.source), corpus.declared_in
    name = str(table.pop("transport", ""))
    if name not in TRANSPORTS:
        hint = spec.nearest(name, TRANSPORTS, "transports")
        raise SpecError(f"{where}: source.transport {name!r} is unknown", hint)
    limits = spec.options(Limits, table.pop("limits", {}), where, "source.limits")
    spec.options(_Headers, {"headers": table.pop("headers", {})}, where, "source")
    transport = TRANSPORTS[name]
    return Plan(transport, spec.options(transport.Options, table, where, "source"), limits)


def collect(
    corpus: Corpus,
    store: Store,
    client: Client,
    *,
    offline: bool = False,
    accept: bool = False,
    progress: Progress = silent,
) -> Collected:
    """Fetch a corpus's raw bytes into the store.

    An interrupted collect keeps what came; the next one fetches only the rest, and of what the last snapshot holds only
    what has changed. `offline` takes the last snapshot, its bodies checked; `accept` takes one that looks wrong.
    Raises CollectError (HeldError, DeferredError), SpecError, BusyError, StoreError.
    """
    plan = check(corpus)
    if offline and plan.transport is not local:
        with disk_errors(store.root):
            return Collected(_replayed(corpus, store, progress, accept=accept), made=False, economics={})
    doing = f"collecting {corpus.name}"
    with disk_errors(store.root), store.lock(corpus.name, "collect", doing), pins.putting(store):
        try:
            return _collected(corpus, store, client, plan, Meter(progress), accept=accept)
        except sqlite3.Error as error:  # the journal's
            remedy = "free some space or check the disk; what came is kept"
            raise StoreError(f"{store.corpus(corpus.name)}: {error}", remedy) from error


def _collected(corpus: Corpus, store: Store, client: Client, plan: Plan, meter: Meter, *, accept: bool) -> Collected:
    client = client.bounded(plan.limits, store.corpus(corpus.name) / PARTS)
    meter.watch(client)
    latest, held = store.latest_snapshot(corpus.name), store.held_snapshot(corpus.name)
    before = [snapshot for snapshot in (latest, held) if snapshot]
    for snapshot in before:
        store.fetch(snapshot)
    intake = Intake(corpus, store, client, before)
    finished = False
    try:
        got = tuple(meter.counted(plan.transport.collect(plan.options, intake)))
        snapshot = _snapshot(corpus, plan.origin, got, known=latest is not None)
        made = _publish(store, snapshot)
        finished = True
    finally:
        intake.close(finished=finished)
        client.close()
    if not accept and plan.transport is not local and (latest is None or latest.id != snapshot.id):
        _hold(store, latest, snapshot)
    store.set_latest(corpus.name, "snapshot", snapshot.id)
    store.set_latest(corpus.name, "held", "")
    store.set_latest(corpus.name, "checked", now())
    notes = (*intake.notes, *_notes(got))
    return Collected(store.snapshot(corpus.name, snapshot.id), made, client.tally.economics, notes)


def _replayed(corpus: Corpus, store: Store, progress: Progress, *, accept: bool) -> Snapshot:
    """The last snapshot, every body of it read and its digest checked; with `accept`, the one that is held."""
    held = store.held_snapshot(corpus.name) if accept else None
    snapshot = held or store.latest_snapshot(corpus.name)
    if not snapshot:
        raise CollectError(f"{corpus.name} was never collected into {store.place}", "repeat without --offline")
    store.fetch(snapshot)
    living = [file for file in snapshot.files if file.status == requests.codes.ok]
    for count, file in enumerate(living, start=1):
        with blobs.open_blob(store.root, file.sha256) as body:
            while body.read(1 << 20):
                pass
        progress("collect", count, len(living), "checked what is there")
    store.set_latest(corpus.name, "snapshot", snapshot.id)
    if held:
        store.set_latest(corpus.name, "held", "")
    return snapshot


def _snapshot(corpus: Corpus, origin: str, got: tuple[RawFile, ...], *, known: bool) -> Snapshot:
    """The files as one value. What was never there is an error; what is gone, since `known`, a tombstone."""
    if not got:
        raise CollectError(f"{corpus.name}: {origin} holds no file", "check the [source] section and its patterns")
    if not known and all(record.status != requests.codes.ok for record in got):
        message = f"{got[0].url} answered {got[0].status}"
        raise CollectError(message, "check the address in the corpus file")
    contents = sorted((record.url, record.status, record.sha256) for record in got)
    return Snapshot(
        corpus=corpus.name,
        id=content_id([corpus.name, contents]),
        origin=origin,
        files=got,
        collected_at=now(),
    )


def _publish(store: Store, snapshot: Snapshot) -> bool:
    final = store.snapshot_folder(snapshot.corpus, snapshot.id)
    made = False
    if not final.is_dir():
        with work_folder(final) as work:
            made = store.publish(work, final, snapshot)
    for folder in (final.parent, store.root / "refs" / snapshot.corpus, *(store.root / "blobs").iterdir()):
        sweep(folder)
    return made


def _hold(store: Store, before: Snapshot | None, after: Snapshot) -> None:
    """Raise HeldError for a snapshot that looks wrong; it stays in the store, and the one before stays the latest."""
    why = hold.suspicions(before, after, lambda digest: blobs.get(store.root, digest))
    if not why:
        return
    store.set_latest(after.corpus, "held", after.id)
    message = f"{after.corpus}: what came looks wrong, so it is held: {'; '.join(why)}"
    look = f"corpusmill show {after.corpus}/snapshots/{after.id}"
    raise HeldError(message, f"look with: {look}; take it with: corpusmill collect {after.corpus} --accept")


def _notes(got: tuple[RawFile, ...]) -> tuple[str, ...]:
    lost = [file for file in got if file.status != requests.codes.ok and not is_mask(file.url)]
    return (f"{len(lost):,} of {len(got):,} addresses are gone, the first {lost[0].url}",) if lost else ()
