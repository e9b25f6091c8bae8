"""A run trained again on its version, and whether the same came of it: weights, samples, losses.

    reproduce(run, store).verdict               # "identical"

With `steps` a training repeats to the last bit on the same kind of machine with the same libraries. One with a budget
in minutes followed the clock, so as many iterations are trained instead, and what comes of them is near it at best. It
works in a scratch store, so nothing is left in the store.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from corpusmill.errors import CorruptError, SpecError, TrainError
from corpusmill.store import Store, pins
from corpusmill.store.ids import file_sha256
from corpusmill.store.recited import parent_of
from corpusmill.store.scratch import scratch
from corpusmill.types import Corpus, Progress, Run, Version, silent
from corpusmill.verdict import Outcome, Verdict, changed, code_changed
from model.identity import code
from model.journal import METRICS
from model.train import fit

# Share by which the bits per byte of two trainings may part and still be called other numerics. Five seeds on the names
# (`corpusmill train names --set train.steps=300 --set train.hidden=64 --set train.seed=1` … 5) lie within 0.013.
NEAR = 0.05
_WRITTEN = "samples, baselines and the manifest are written by other code now than then"
_TIMED = ("seconds", "characters_per_second")  # of a line of metrics


def reproduce(run: Run, store: Store, *, any_code: bool = False, progress: Progress = silent) -> Verdict:
    """Train a run once more and compare. With `any_code`, though this is not the code that trained it.

    Raises StoreError where there is no room for it, CorruptError where the run itself is damaged, Interrupted.
    """
    version = next((v for v in store.versions(run.corpus) if v.id == run.version), None)
    obstacles = tuple(_obstacles(run, version, store, any_code=any_code))
    if obstacles or not version:
        return Verdict(ref=run.ref, verdict="impossible", why=obstacles)
    lines = _lines(run, store.run_folder(run.corpus, run.id))
    with pins.held(store, version), scratch(store, f"{run.corpus}/versions") as other:
        store.version_folder(version)  # of a bucket, fetched now
        try:
            again, _ = fit(_corpus(run), version, other, parents=store, progress=progress)
        except (CorruptError, SpecError) as error:
            return Verdict(ref=run.ref, verdict="impossible", why=(error.message,))
        except TrainError as error:
            why = tuple(_otherwise(run, None))
            return Verdict(ref=run.ref, verdict="different", difference=f"the training fails: {error}", why=why)
        found = _difference(run, lines, again, _lines(again, other.run_folder(again.corpus, again.id)))
    return _judged(run, again, found)


def _judged(run: Run, again: Run, found: str) -> Verdict:
    why = tuple(_otherwise(run, again))
    then, now = run.best["bits_per_byte"], again.best["bits_per_byte"]
    told = f"{len(run.files):,} files and the losses; validation {then:.4f} bits per byte then, {now:.4f} now"
    if not found:
        return Verdict(ref=run.ref, verdict="identical", compared=told, why=why)
    written = () if run.written_by == again.written_by else (_WRITTEN,)
    numerics = why and run.code_digest == again.code_digest and abs(then - now) <= NEAR * then
    verdict: Outcome = "same data, other numerics" if numerics else "different"
    why = (*why, *written) or ("nothing on record: the same code, libraries, kind of processor and threads",)
    return Verdict(ref=run.ref, verdict=verdict, compared=told, difference=found, why=why)


def _obstacles(run: Run, version: Version | None, store: Store, *, any_code: bool) -> Iterator[str]:
    """What is in the way."""
    if not version:
        yield f"{run.version_ref} (id {run.version}), which it learnt from, is gone"
    elif removed := _removed_since(run, version):
        yield f"documents were removed from {version.ref} since it learnt from it ({removed:,})"
    if run.parent:
        parent = parent_of(store, run)
        if not parent:
            yield f"{run.parent}, whose weights it started from, is gone"
        elif parent.files[parent.checkpoint] != run.parent_checkpoint:
            yield f"{run.parent} has other weights than it started from"
    if run.code_digest != code() and not any_code:
        yield code_changed(run.code_digest, code())


def _removed_since(run: Run, version: Version) -> int:
    """How many documents; a run that was trained after a removal learnt from what is left."""
    began = datetime.fromisoformat(run.clock["started_at"])
    return sum(each.documents for each in version.removals if datetime.fromisoformat(each.at) >= began)


def _corpus(run: Run) -> Corpus:
    """What to train, as the manifest has it; by the number of iterations where it was by the clock."""
    table = dict(run.config)
    if not table.get("steps"):
        table["steps"] = _iterations(run)
    return Corpus(
        name=run.corpus, title="", licence="", source={}, parse={}, train=table, declared_in=f"the config of {run.ref}"
    )


def _iterations(run: Run) -> int:
    """How many a training by the clock had, or would have had if it had not stopped early: the rates aim at its end."""
    seconds, budget = run.clock["seconds"], 60 * run.config["minutes"]
    early = run.stopped == "early" and 0 < seconds < budget
    return max(round(run.iterations * budget / seconds) if early else run.iterations, 1)


def _otherwise(run: Run, again: Run | None) -> Iterator[str]:
    """What is on record of how it was trained, and is otherwise here."""
    if run.code_digest != code():
        yield code_changed(run.code_digest, code())
    if not run.config.get("steps"):
        yield f"it was trained by the clock, for {run.config['minutes']:g} minutes; now by the number of iterations"
    if again:
        yield from changed("", run.libraries, again.libraries)
        yield from changed("", run.machine, again.machine)


def _difference(run: Run, lines: list[dict[str, Any]], again: Run, those: list[dict[str, Any]]) -> str:
    """The first thing in which two runs part, in the order of training; "" if there is none."""
    for one, other in zip_longest(lines, those):
        if one != other:
            return _lines_differ(one, other)
    weights = dict.fromkeys([run.checkpoint, again.checkpoint])
    for name in [*weights, *sorted({*run.files, *again.files} - weights.keys())]:
        if run.files.get(name) != again.files.get(name):
            return f"{name}: SHA-256 {run.files.get(name, 'none')} then, {again.files.get(name, 'none')} now"
    return ""


def _lines_differ(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    if not one or not other:
        more = one or other or {}
        return f"{METRICS}: iteration {more['iteration']:,} is told of {'then' if one else 'now'} only"
    name = next(name for name in {**one, **other} if one.get(name) != other.get(name))
    return f"{METRICS}, iteration {one['iteration']:,}: {name} is {one.get(name)} then, {other.get(name)} now"


def _lines(run: Run, folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics without what the clock decides. Raises CorruptError."""
    path = folder / METRICS
    if not path.is_file() or file_sha256(path) != run.digests.get(METRICS):
        raise CorruptError(f"{path} is missing or does not match the manifest", "restore it from a copy")
    lines = (msgspec.json.decode(line, type=dict[str, Any]) for line in path.read_bytes().splitlines())
    return [{name: value for name, value in line.items() if name not in _TIMED} for line in lines]
