"""What an experiment asks of a trained run, by ref as the stages are: its score, and texts that it writes.

Prefect is not known here. Answers are kept beside the run, so what was asked before is read.
"""

from corpusmill.errors import UsageError
from corpusmill.store import refs
from corpusmill.types import SPLITS, Progress, Split
from flows.stages import Done, Job, store_of
from flows.told import told


@told
def score(job: Job, run: str, progress: Progress) -> Done:
    """Score a run on a split, one that it did not learn from unless another is named.

    Raises UnknownNameError, UsageError, CorruptError.
    """
    from model import judged

    store = store_of(job)
    asked = _split(job.split)
    found, made = judged.scored(refs.run(store, run), store, asked, characters=job.scored, progress=progress)
    said = f"{found.split}: {found.bits_per_byte:.4f} bits per byte, {found.nats_per_char:.4f} nats per character"
    return Done(run, made, (f"{said}, over {found.characters:,} characters",))


@told
def sample(job: Job, run: str, progress: Progress) -> Done:
    """Let a run write. Raises CorruptError, StoreError."""
    from model import judged

    store = store_of(job)
    how = job.writing
    texts, made = judged.written(refs.run(store, run), store, how, progress=progress)
    return Done(run, made, (f"{len(texts):,} texts of {how.length:,} at temperature {how.temperature:g}",))


def _split(name: str) -> Split | None:
    """The split of this name, or none. Raises UsageError."""
    found: Split | None = next((split for split in SPLITS if split == name), None)
    if name and not found:
        raise UsageError(f"no split is named {name!r}", f"one of {', '.join(SPLITS)}")
    return found
