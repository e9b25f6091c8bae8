"""The store: plain files that other tools read without us, in a folder or a bucket. The layout is in docs/store.md.

`Store` knows where things lie and which are whole; the modules beside it know how each kind is written. It never makes
a decision about content. Of a store in a bucket, `root` is a working copy: what is asked for is fetched first, so that
all others deal with files (`remote`).
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from corpusmill.errors import BusyError, UnknownNameError
from corpusmill.store import commit, leases, remote, working
from corpusmill.store.commit import MANIFEST
from corpusmill.store.exchange import take_place
from corpusmill.store.ids import content_id, is_name, pretty
from corpusmill.store.manifests import Stored, answered, folders, read
from corpusmill.store.objects import Objects, Steady
from corpusmill.store.seal import seal
from corpusmill.types import Run, Snapshot, Version

_DROPS = "drops/drops.parquet"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of corpora, or a bucket and its working copy. Cheap to make; nothing is read until it is asked for."""

    root: Path
    bucket: Objects | None = None

    @property
    def place(self) -> str:
        """Where it is, for people: a path, or ``s3://…``."""
        return str(self.bucket or self.root)

    def corpora(self) -> list[str]:
        """Every corpus with anything stored, sorted."""
        if self.bucket:
            return sorted(filter(is_name, {entry.key.split("/")[1] for entry in self.bucket.list("refs/")}))
        return sorted(p.name for p in folders(self.root) if is_name(p.name))

    def corpus(self, name: str) -> Path:
        """A corpus's folder. Raises UnknownNameError for a name that may not be a folder, before any I/O."""
        if not is_name(name):
            raise UnknownNameError(f"{name!r} is not a corpus name", "use a-z, 0-9, dot, dash and underscore, up to 63")
        return self.root / name

    def snapshot_folder(self, corpus: str, snapshot: str) -> Path:
        """Where a snapshot lies, or will."""
        folder = self.corpus(corpus) / "snapshots" / snapshot
        self._pull(folder)
        return folder

    def version_folder(self, version: Version) -> Path:
        """Where a version lies, its files with it."""
        folder = self.corpus(version.corpus) / "versions" / version.name
        self._fetch(folder, {"README.md": "", _DROPS: ""} | {shard.path: shard.sha256 for shard in version.shards})
        return folder

    def run_folder(self, corpus: str, run: str) -> Path:
        """Where a run lies, its files with it, or will."""
        folder = self.corpus(corpus) / "runs" / run
        self._pull(folder)
        if self.bucket and (folder / MANIFEST).is_file():
            self._fetch(folder, read(folder / MANIFEST, Run).digests)
        return folder

    def run_work_folder(self, corpus: str, run: str) -> Path:
        """Where a run is made; kept when training is interrupted, so that the next one carries on."""
        return self.corpus(corpus) / "runs" / f".{run}.work"

    def snapshots(self, corpus: str) -> list[Snapshot]:
        """Whole snapshots, oldest first."""
        found = self._all(self.corpus(corpus) / "snapshots", Snapshot)
        return sorted(found, key=lambda s: (s.collected_at, s.id))

    def versions(self, corpus: str) -> list[Version]:
        """Published versions, first to last."""
        return sorted(self._all(self.corpus(corpus) / "versions", Version), key=lambda v: v.number)

    def runs(self, corpus: str) -> list[Run]:
        """Finished runs, oldest first."""
        found = self._all(self.corpus(corpus) / "runs", Run)
        return sorted(found, key=lambda r: (str(r.clock.get("started_at", "")), r.id))

    def snapshot(self, corpus: str, snapshot: str) -> Snapshot:
        """One snapshot by id. Raises UnknownNameError, CorruptError."""
        return read(self.snapshot_folder(corpus, snapshot) / MANIFEST, Snapshot)

    def version(self, corpus: str, name: str) -> Version:
        """One version by the name of its folder, ``v000003``. Raises UnknownNameError, CorruptError."""
        folder = self.corpus(corpus) / "versions" / name
        self._pull(folder)
        return read(folder / MANIFEST, Version)

    def run(self, corpus: str, run: str) -> Run:
        """One run by id. Raises UnknownNameError, CorruptError."""
        folder = self.corpus(corpus) / "runs" / run
        self._pull(folder)
        return read(folder / MANIFEST, Run)

    def shown(self, corpus: str, kind: str) -> list[Path]:
        """The folders of "snapshots", "versions" or "runs" that readers see, whole or not."""
        folder = self.corpus(corpus) / kind
        self._pull(folder)
        return folders(folder)

    def fetch(self, snapshot: Snapshot) -> None:
        """Have all raw bodies of a snapshot in `root`, for those who read them by digest."""
        if self.bucket:
            working.fetch_blobs(self.root, self.bucket, answered(snapshot))

    def publish(self, work: Path, final: Path, manifest: Snapshot | Version | Run) -> bool:
        """Make a filled work folder visible as `final`, manifest last; False where another writer was first.

        Then the store is as it was, and `work` may be published under another name.
        """
        if not self.bucket:
            return commit.publish(work, final, encode(manifest))
        if isinstance(manifest, Snapshot):
            remote.push_blobs(self.root, self.bucket, answered(manifest))
        with self.lease("objects"):
            return remote.publish(self.root, self.bucket, work, final, encode(manifest), remote.named(manifest))

    def replace(self, work: Path, final: Path, manifest: Snapshot | Version | Run) -> None:
        """Put what is in `work`, or was changed in `final` itself, in the place of what is at `final`.

        Only where something has to be forgotten, by who holds the corpus `alone`. What was there is in `work` then.
        """
        if self.bucket:
            with self.lease("objects"):
                remote.replace(self.root, self.bucket, work, final, encode(manifest))
        if work == final:
            commit.write_file(final / MANIFEST, encode(manifest))
        else:
            take_place(work, final, encode(manifest))

    def keep(self, path: Path) -> None:
        """See that a file in `root` that was written or replaced is in the store: a report beside its run."""
        if self.bucket:
            remote.push(self.root, self.bucket, path)

    def remove(self, *paths: Path) -> None:
        """Remove files that are not of a manifest: pointers, reports, raw bodies. What is not there is no error."""
        if self.bucket and paths:
            self.bucket.delete([path.relative_to(self.root).as_posix() for path in paths])
        for path in paths:
            path.unlink(missing_ok=True)

    def take(self, path: Path) -> None:
        """Make such a file in `root` what it is in the store, or absent."""
        if self.bucket:
            working.take(self.root, self.bucket, path)

    def holds(self, path: Path) -> bool:
        """Whether a file that would lie there is in the store; it is not fetched."""
        if self.bucket:
            return self.bucket.size(path.relative_to(self.root).as_posix()) is not None
        return path.is_file()

    def lock(self, corpus: str, stage: str, doing: str) -> AbstractContextManager[None]:
        """Hold a stage of a corpus for this process alone. Raises BusyError at once when another has it.

        In a bucket only who clears or forgets is kept out (`alone`): of two others that publish one wins.
        """
        return self._locked(self.corpus(corpus).name, stage, doing)

    @contextmanager
    def _locked(self, corpus: str, stage: str, doing: str) -> Iterator[None]:
        self._ready(corpus)
        making = self.lease(f"{corpus}.work", wait=False) if stage in ("collect", "build") else nullcontext()
        with self.lock_here(corpus, stage, doing), making:
            yield

    def lock_here(self, corpus: str, stage: str, doing: str) -> AbstractContextManager[None]:
        """The same among the processes of this machine."""
        return commit.exclusive(self.root / "locks" / f"{self.corpus(corpus).name}.{stage}.lock", doing)

    @contextmanager
    def alone(self, corpus: str, doing: str) -> Iterator[None]:
        """See that nobody collects or builds a corpus, on any machine. Raises BusyError at once when somebody does."""
        self._ready(corpus)
        with (
            self.lock_here(corpus, "collect", doing),
            self.lock_here(corpus, "build", doing),
            self.lease_alone(f"{corpus}.work") as free,
        ):
            if not free:
                raise BusyError(f"another machine works on {corpus}", "wait for it to end, then repeat the command")
            yield

    def lease(self, what: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """In a bucket, keep other machines from having something alone; in a folder, nothing."""
        return leases.shared(self.bucket, what, working.machine(self.root), wait=wait) if self.bucket else nullcontext()

    def lease_alone(self, what: str, patience: float = 0.0) -> AbstractContextManager[bool]:
        """In a bucket, have something alone of all machines: says whether it is so; in a folder, it is."""
        if not self.bucket:
            return nullcontext(enter_result=True)
        return leases.alone(self.bucket, what, working.machine(self.root), patience)

    def set_latest(self, corpus: str, kind: str, name: str) -> None:
        """Point ``refs/<corpus>/<kind>`` at what a stage gave last; a refresh may well give an older one again."""
        path = self._pointer(corpus, kind)
        if self.latest(corpus, kind) != name:
            commit.write_file(path, pretty(name))
            self.keep(path)

    def latest(self, corpus: str, kind: str) -> str | None:
        """What ``refs/<corpus>/<kind>`` points at.

        Kinds are "latest" (a version), "snapshot", "held" (a snapshot, or empty), "checked" (a moment), "untold" (the
        number of the newest version before a refresh of which nobody has been told) and
        "built/<build key>" (the id of the version it gave, where that was there under another key).
        """
        path = self._pointer(corpus, kind)
        self.take(path)
        return read(path, str) if path.is_file() else None

    def pointers(self, corpus: str, under: str) -> list[str]:
        """The names below ``refs/<corpus>/<under>/``, sorted: all tags, of "tags"."""
        folder = self._pointer(corpus, under)
        if self.bucket:
            working.take_all(self.root, self.bucket, folder)
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(path.name for path in found if not path.name.startswith("."))

    def unset(self, corpus: str, kind: str) -> None:
        """Remove what `set_latest` wrote; nothing, where there is nothing."""
        self.remove(self._pointer(corpus, kind))

    def latest_snapshot(self, corpus: str) -> Snapshot | None:
        """What the last collect gave; where somebody removed that, the newest that is not held."""
        name, held = self.latest(corpus, "snapshot"), self.latest(corpus, "held")
        if name and (self.snapshot_folder(corpus, name) / MANIFEST).is_file():
            return self.snapshot(corpus, name)
        return next((s for s in reversed(self.snapshots(corpus)) if s.id != held), None)

    def held_snapshot(self, corpus: str) -> Snapshot | None:
        """What the last collect gave and somebody has yet to look at."""
        name = self.latest(corpus, "held")
        whole = name and (self.snapshot_folder(corpus, name) / MANIFEST).is_file()
        return self.snapshot(corpus, name) if name and whole else None

    def latest_version(self, corpus: str) -> Version | None:
        """What the last build gave; where somebody removed that, the newest there is."""
        versions, name = self.versions(corpus), self.latest(corpus, "latest")
        return next((v for v in versions if v.name == name), versions[-1] if versions else None)

    def _pointer(self, corpus: str, kind: str) -> Path:
        return self.root / "refs" / self.corpus(corpus).name / kind

    def _ready(self, corpus: str) -> None:
        """See that a bucket can be a store, and that its working copy has nothing that had to be forgotten."""
        if self.bucket:
            from corpusmill.store import caches

            remote.ready(self.root, self.bucket)
            caches.heed(self, corpus)

    def _pull(self, folder: Path) -> None:
        below = folder.relative_to(self.root)
        if self.bucket and working.pull(self.root, self.bucket, f"{below.as_posix()}/"):
            from corpusmill.store import caches

            caches.clean(self, below.parts[0])

    def _fetch(self, folder: Path, digests: Mapping[str, str]) -> None:
        if self.bucket:
            working.fetch(self.root, self.bucket, folder.relative_to(self.root).as_posix(), digests)

    def _all(self, folder: Path, kind: type[Stored]) -> Iterator[Stored]:
        self._pull(folder)
        for path in folders(folder):
            with suppress(UnknownNameError):  # it has none, or was cleared away since it was listed
                yield read(path / MANIFEST, kind)


def opened(place: str, environment: Mapping[str, str]) -> Store:
    """The store in a folder, or in ``s3://bucket/prefix``, whose working copy is among this machine's caches.

    Raises UsageError for another kind of address.
    """
    if "://" not in place:
        return Store(Path(place).expanduser().absolute())
    import platformdirs

    from corpusmill.store.bucket import S3, endpoint

    bucket = S3(place, environment)
    caches = Path(environment.get("CORPUSMILL_CACHE") or platformdirs.user_cache_dir("corpusmill"))
    return Store(caches.absolute() / "stores" / content_id([str(bucket), endpoint(environment)]), Steady(bucket))


def encode(manifest: Snapshot | Version | Run) -> bytes:
    """A manifest as it is written."""
    return seal(pretty(manifest))
