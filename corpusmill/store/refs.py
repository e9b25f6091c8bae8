"""What a REF means: ``bible``, ``bible@v3``, ``bible@TAG``, ``bible/runs/ID``, ``bible/snapshots/ID``, part of an id.

A bare corpus name means its latest version, or its latest run where a run is asked for. An ambiguous or unknown name
says what it could have meant.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from corpusmill import spec
from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, sweeps, tags
from corpusmill.store.ids import is_name
from corpusmill.types import Run, Snapshot, Version

Thing = Snapshot | Version | Run
_KINDS: Mapping[str, Callable[[Store, str], Sequence[Thing]]] = {
    "snapshots": Store.snapshots,
    "versions": Store.versions,
    "runs": Store.runs,
}
SHORTEST = 3  # hex digits of a prefix: shorter ones are names


def resolve(store: Store, ref: str) -> Thing:
    """Whatever `ref` names. Raises UnknownNameError."""
    corpus, _, rest = ref.partition("/")
    name, at, number = corpus.partition("@")
    if rest:
        return _in_corpus(store, corpus, rest, ref)
    if at:
        return _numbered(store, name, number)
    if is_name(ref) and ref in store.corpora():
        return _latest(store, ref)
    return _one(ref, [t for c in store.corpora() for t in _things(store, c) if _matches(t, ref)], store)


def version(store: Store, ref: str) -> Version:
    """The version `ref` names; a run means the version it learnt from. Raises UnknownNameError."""
    found = resolve(store, ref)
    if isinstance(found, Run):
        return learnt_from(store, found)
    if not isinstance(found, Version):
        raise UnknownNameError(f"{ref} is no version", f"versions of it: corpusmill versions {found.corpus}")
    return found


def learnt_from(store: Store, run: Run) -> Version:
    """The version that a run learnt from. Raises UnknownNameError where somebody removed it."""
    for version in store.versions(run.corpus):
        if version.id == run.version:
            return version
    hint = f"build it again with: corpusmill build {run.corpus}"
    raise UnknownNameError(f"{run.version_ref}, which {run.ref} learnt from, is not in the store", hint)


def run(store: Store, ref: str) -> Run:
    """The run `ref` names; a corpus or a version means the latest run made from it. Raises UnknownNameError."""
    found = resolve(store, ref)
    if isinstance(found, Run):
        return found
    runs = store.runs(found.corpus)
    if isinstance(found, Version) and ref != found.corpus:
        runs = [r for r in runs if r.version == found.id]
    if not runs or isinstance(found, Snapshot):
        raise UnknownNameError(f"{ref} has no run yet", f"train one: corpusmill train {found.corpus}")
    return runs[-1]


def _in_corpus(store: Store, corpus: str, rest: str, ref: str) -> Thing:
    kind, _, prefix = rest.partition("/")
    if kind == sweeps.FOLDER:
        raise UnknownNameError(f"{ref} is a sweep", f"its table: corpusmill compare {ref}")
    if kind not in _KINDS or not is_name(corpus):
        raise UnknownNameError(f"{ref!r} is no ref", "write bible, bible@v3 or bible/runs/ID")
    things: Sequence[Thing] = _KINDS[kind](store, corpus)
    return _one(ref, [t for t in things if t.id.startswith(prefix)], store, things)


def _numbered(store: Store, name: str, number: str) -> Version:
    tagged = tags.of(store, name) if is_name(name) else {}
    wanted = re.fullmatch(r"v?0*(\d{1,9})", number)
    place = int(wanted[1]) if wanted else tagged.get(number)
    if is_name(name) and place is not None:
        with suppress(UnknownNameError):
            return store.version(name, f"v{place:06d}")
    versions = store.versions(name) if is_name(name) else []
    known = [*(v.ref for v in versions), *(f"{name}@{tag}" for tag in tagged)]
    raise UnknownNameError(f"{name}@{number} is not in the store", spec.nearest(f"{name}@{number}", known, "versions"))


def _latest(store: Store, corpus: str) -> Version:
    found = store.latest_version(corpus)
    if not found:
        raise UnknownNameError(f"{corpus} has no version yet", f"build one: corpusmill build {corpus}")
    return found


def _things(store: Store, corpus: str) -> list[Thing]:
    return [*store.versions(corpus), *store.runs(corpus), *store.snapshots(corpus)]


def _matches(thing: Thing, prefix: str) -> bool:
    return len(prefix) >= SHORTEST and thing.id.startswith(prefix)


def ref_of(thing: Thing) -> str:
    """How the command line names it."""
    return f"{thing.corpus}/snapshots/{thing.id}" if isinstance(thing, Snapshot) else thing.ref


def _one(ref: str, found: list[Thing], store: Store, known: Iterable[Thing] = ()) -> Thing:
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownNameError(f"{ref!r} is ambiguous", f"it could be {', '.join(map(ref_of, found))}")
    if ref in spec.names():
        raise UnknownNameError(f"{ref!r} is not in the store yet", f"make it: corpusmill run {ref}")
    names = [ref_of(thing) for thing in known] or sorted({*store.corpora(), *spec.names()})
    raise UnknownNameError(f"{ref!r} is not in the store", spec.nearest(ref, names, "known names"))
