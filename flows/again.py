"""A version built, or a run trained, once more: which room does it, by what a ref names. Prefect is not known here."""

from corpusmill.errors import UsageError
from corpusmill.store import Store, refs
from corpusmill.types import Progress, Run, Version
from corpusmill.verdict import Verdict


def reproduce(ref: str, store: Store, progress: Progress, *, any_code: bool, workers: int | None = None) -> Verdict:
    """Do what made a thing once more, beside the store, and compare.

    Raises UnknownNameError, UsageError for a snapshot, StoreError.
    """
    thing = refs.resolve(store, ref)
    if isinstance(thing, Version):
        from preprocess.publish import reproduce as building

        progress("build", 0, 0, f"reading {refs.ref_of(thing)}")
        return building.reproduce(thing, store, any_code=any_code, processes=workers, progress=progress)
    if isinstance(thing, Run):
        from model import reproduce as training

        return training.reproduce(thing, store, any_code=any_code, progress=progress)
    hint = "reproduce a version or a run that was made of it"
    raise UsageError(f"{refs.ref_of(thing)} is what a source once gave, and cannot be had again", hint)


def told(verdict: Verdict) -> str:
    """The verdict, and below it what speaks for it."""
    head = "why" if verdict.verdict == "impossible" else "otherwise"
    facts = [("compared", verdict.compared), ("difference", verdict.difference), *((head, why) for why in verdict.why)]
    return "\n".join([f"{verdict.ref}: {verdict.verdict}", *(f"  {name:<11} {said}" for name, said in facts if said)])
