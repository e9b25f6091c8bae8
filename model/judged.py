"""What a trained run is asked after its training: its score on a split it did not learn from, and texts that it writes.

    score, made = scored(run, store)                      # STORE/<corpus>/runs/<id>/score-test.json
    texts, made = written(run, store, Writing(count=3))   # STORE/<corpus>/runs/<id>/samples.json

Both are kept beside the run with a digest of all that decides them, so that what was asked before is read. `forget`
removes the texts as it removes a report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, refs
from corpusmill.store.commit import disk_errors, write_file
from corpusmill.store.ids import code_digest, content_id, pretty
from corpusmill.store.recited import WRITTEN
from corpusmill.types import SPLITS, Progress, Run, Split, Version, silent
from model.evaluate import Score
from model.writing import Writing

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer and what it was made from."""

    made_from: str
    answer: Any


def held_out(version: Version) -> Split:
    """The split that says most about a model: the test split, or where there is none the validation split."""
    there = {shard.split for shard in version.shards if shard.rows}
    for split in reversed(SPLITS):
        if split in there:
            return split
    raise UnknownNameError(f"{version.ref} holds no document", "build it again")


def scored(
    run: Run, store: Store, split: Split | None = None, *, characters: int = 0, progress: Progress = silent
) -> tuple[Score, bool]:
    """How well a run predicts a split (default: `held_out`); the bool is False when that was known.

    At most so many characters are scored, from its start; 0 = all.

    Raises UnknownNameError where the version is gone or has no such split, CorruptError, StoreError.
    """
    from model import score

    version = refs.learnt_from(store, run)
    asked = split or held_out(version)

    def make() -> Score:
        passage = score.split_passage(run, store, asked, characters or None)
        return score.score(run, store, passage, split=asked, progress=progress)

    decided = [run.id, version.content, asked, characters]
    return _kept(run, store, f"score-{asked}.json", decided, make, lambda known: Score(**known))


def written(run: Run, store: Store, how: Writing, *, progress: Progress = silent) -> tuple[tuple[str, ...], bool]:
    """Texts by a run, each from its beginning, the prime included; the bool is False when they were there.

    Raises CorruptError, StoreError.
    """

    def make() -> tuple[str, ...]:
        from model.sample import Sampler
        from model.sampling.choose import Sampling

        sampling = Sampling(length=how.length, temperature=how.temperature, seed=how.seed)
        texts = []
        for text in Sampler.load(run, store).texts(how.prime, sampling, count=how.count):
            texts.append(how.prime + text)
            progress("sample", len(texts), how.count, f"{len(texts):,} of {how.count:,} texts")
        return tuple(texts)

    return _kept(run, store, WRITTEN, [run.id, run.digests, how], make, tuple)


def _kept(
    run: Run, store: Store, name: str, decided: list[Any], make: Callable[[], Told], read: Callable[[Any], Told]
) -> tuple[Told, bool]:
    """What is kept under a name, or else made and kept."""
    path = store.run_folder(run.corpus, run.id) / name
    digest = content_id([*decided, code_digest("model")])
    with disk_errors(path):
        store.take(path)
        found = _read(path)
        if found and found.made_from == digest:
            return read(found.answer), False
        answer = make()
        write_file(path, pretty(Kept(made_from=digest, answer=answer)))
        store.keep(path)
    return answer, True


def _read(path: Path) -> Kept | None:
    """What lies there; nothing where it is damaged, since it can be made again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
