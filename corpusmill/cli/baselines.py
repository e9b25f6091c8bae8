"""What simpler models reach on a version's text, beside a run: baselines."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from corpusmill.cli.console import emit, progress, table
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import UnknownNameError, UsageError
from corpusmill.store import Store, refs
from corpusmill.types import SPLITS, Progress, Run, Snapshot, Split, Version

if TYPE_CHECKING:
    from model.baselines.measure import Baselines
    from model.score import Score
    from preprocess.vocab import Vocabulary

_DEEPEST = 254  # as many as are counted


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill baselines shakespeare --split validation --reset 256")(baselines)


def baselines(
    ref: Annotated[str, typer.Argument(metavar="REF", help="bible@v3, bible for its latest, or bible/runs/ID.")],
    split: Annotated[str, typer.Option(help="What is scored: validation, test or train.")] = "validation",
    order: Annotated[int, typer.Option(min=1, max=_DEEPEST, help="Characters of the longest n-grams.")] = 20,
    reset: Annotated[int, typer.Option(min=0, help="Begin the context anew every N characters; 0 = never.")] = 0,
    sample: Annotated[int, typer.Option(min=0, help="Let the unsmoothed model write N characters.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of what it writes; same seed, same text.")] = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what Kneser-Ney n-grams, Goldberg's model, zstd, xz and PPMd reach on the text that a model is scored on."""
    from flows import told
    from model.baselines.measure import measure, samples

    opened = open_store(store)
    found = refs.resolve(opened, ref)
    if isinstance(found, Snapshot):
        raise UnknownNameError(f"{ref} is a snapshot", f"name a version or a run: corpusmill versions {found.corpus}")
    version = refs.learnt_from(opened, found) if isinstance(found, Run) else found
    vocabulary, separator = _known(found, opened)
    with progress() as show, told.baselines(opened, version, found if isinstance(found, Run) else None):
        chosen = _split(split)
        result = measure(version, opened, vocabulary, separator, split=chosen, order=order, reset=reset, progress=show)
        own = _own(found, version, opened, separator, result, show) if isinstance(found, Run) else None
    written = samples(version, opened, vocabulary, separator, length=sample, seed=seed) if sample else {}
    emit(
        {
            "version": version.ref,
            "run": found.ref if own else None,
            "score": own,
            **asdict(result),
            "samples": [{"order": number, "text": text} for number, text in written.items()],
        },
        _told(version, result, found.ref, own, written),
        as_json=as_json,
    )


def _known(found: Version | Run, store: Store) -> tuple["Vocabulary", str]:
    """The characters and the separator that a run has, or that one would have by default; of bytes or words, too."""
    from model.load import load
    from model.options import TrainOptions
    from preprocess.ids import counts
    from preprocess.vocab import Vocabulary

    if isinstance(found, Run):
        trained = load(found, store)
        if isinstance(trained.vocabulary, Vocabulary):
            return trained.vocabulary, trained.options.separator
        separator, version = trained.options.separator, refs.learnt_from(store, found)
    else:
        separator, version = TrainOptions().separator, found
    return Vocabulary.of(counts(version, "train", store, separator)), separator


def _own(run: Run, version: Version, store: Store, separator: str, result: "Baselines", show: Progress) -> "Score":
    """How well the run itself predicts that text."""
    from model.baselines.measure import SCORED, beginning
    from model.score import score

    text = beginning(version, store, _split(result.split), separator, SCORED)
    show("score", 0, 1, f"{run.ref}, {len(text):,} characters")
    found = score(run, store, text, split=result.split, reset=result.reset)
    show("score", 1, 1, f"{run.ref}, {len(text):,} characters")
    return found


def _told(version: Version, result: "Baselines", ref: str, own: "Score | None", written: Mapping[int, str]) -> str:
    """The result for people."""
    per_char = result.bytes / result.characters * math.log(2)  # bits per byte -> nats per character
    rows = [(ref, own.bits_per_byte, own.nats_per_char)] if own else []
    for model in dict.fromkeys((result.kneser_ney, result.best)):
        which = "" if model is result.kneser_ney else ", the best for this text"
        rows.append((f"Kneser-Ney, order {model.order}{which}", model.bits_per_byte, model.nats_per_char))
    after, alone = [], []
    for one in result.compressors:
        after.append((f"{one.name}, after the training text", one.after_training, one.after_training * per_char))
        alone.append((f"{one.name}, alone", one.alone, one.alone * per_char))
    cells = [(name, f"{bits:.4f}", f"{nats:.4f}") for name, bits, nats in (*rows, *after, *alone)]
    foreseen = [
        (
            one.order,
            f"{100 * one.foreseen:.1f} %",
            "" if one.nats_per_foreseen is None else f"{one.nats_per_foreseen:.4f}",
        )
        for one in result.unsmoothed
    ]
    return "\n\n".join(
        [
            f"{version.ref}, {_scope(result)}",
            table(cells, ("model", "bits per byte", "nats per character")),
            "Goldberg's unsmoothed model has no score of the whole; of the characters that it gives any chance:\n"
            + table(foreseen, ("order", "of all", "nats per character")),
            *(f"order {number} writes:\n{text}" for number, text in written.items()),
        ]
    )


def _scope(result: "Baselines") -> str:
    """What was scored, and after reading what."""
    scored = _part(result.characters, result.characters_in_all)
    begun = f"context anew every {result.reset:,} characters" if result.reset else "context carried"
    return f"{result.split}: {scored}, {begun}; learnt from {_part(result.trained, result.trained_in_all)} of train"


def _part(some: int, whole: int) -> str:
    return f"all {whole:,} characters" if some == whole else f"the first {some:,} of {whole:,} characters"


def _split(name: str) -> Split:
    for split in SPLITS:
        if split == name:
            return split
    raise UsageError(f"no split is named {name!r}", f"one of {', '.join(SPLITS)}")
