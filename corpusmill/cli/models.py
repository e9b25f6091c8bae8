"""What a trained model is for: sample and score."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from corpusmill.cli.console import emit
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import ParseError, UsageError
from corpusmill.store import refs
from corpusmill.types import SPLITS, Split

RunRef = Annotated[str, typer.Argument(metavar="RUN", help="A run: bible/runs/ID, or bible for its latest.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog='Example: corpusmill sample bible --prime "In the beginning" --temperature 0.7')(sample)
    app.command(epilog="Example: corpusmill score bible --split validation --reset 256")(score)


def sample(
    ref: RunRef,
    prime: Annotated[str, typer.Option(help="Text to go on from.")] = "",
    length: Annotated[int, typer.Option(min=1, help="Characters to write.")] = 500,
    temperature: Annotated[float, typer.Option(min=0, help="0 takes the likeliest; 1 is the model's own.")] = 1.0,
    top_k: Annotated[int, typer.Option(min=0, help="Choose among the K likeliest; 0 = all.")] = 0,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Choose among the likeliest that make up P; 1 = all.")] = 1,
    seed: Annotated[int, typer.Option(help="Same seed, same text.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many samples; each has the next seed.")] = 1,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write text with a trained model."""
    from model.sample import Sampler

    opened = open_store(store)
    found = refs.run(opened, ref)
    sampler = Sampler.load(found, opened)
    if unseen := sampler.unseen(prime):
        sys.stderr.write(f"the model has never seen {' '.join(map(repr, unseen))}; it reads them as unknown\n")
    samples = []
    for number in range(count):
        pieces = sampler.stream(prime, length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed + number)
        if as_json:
            samples.append({"seed": seed + number, "text": prime + "".join(pieces)})
        else:
            _stream(prime, pieces)
    if as_json:
        emit({"run": found.ref, "prime": prime, "samples": samples}, "", as_json=True)


def score(
    ref: RunRef,
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A UTF-8 text, - for standard input.")] = "",
    split: Annotated[str, typer.Option(help="Score a split of the run's version: train, validation or test.")] = "",
    reset: Annotated[int, typer.Option(min=0, help="Zero the hidden state every N characters; 0 = carry it on.")] = 0,
    each: Annotated[bool, typer.Option("--each", help="One line a character: nats, tab, the character.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how well a model predicts a text: bits per byte, nats per character, perplexity."""
    if bool(file) == bool(split):
        raise UsageError("give a file (or -) or --split", "corpusmill score bible --split validation")
    import model.score as scoring

    opened = open_store(store)
    found = refs.run(opened, ref)
    text = _read(file) if file else scoring.split_text(found, opened, _split(split))
    if each:
        _print_each(scoring.each(found, opened, text, reset=reset), as_json=as_json)
        return
    result = scoring.score(found, opened, text, split=split or file, reset=reset)
    emit(
        result,
        f"{result.bits_per_byte:.4f} bits per byte   {result.nats_per_char:.4f} nats per character   "
        f"perplexity {result.perplexity:.3f}\n"
        f"{result.split}, {result.characters:,} characters, "
        f"{f'state reset every {reset:,} characters' if reset else 'state carried'}",
        as_json=as_json,
    )


def _stream(prime: str, pieces: Iterator[str]) -> None:
    """Print a sample as it is written."""
    sys.stdout.write(prime)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def _read(file: str) -> str:
    body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(
            f"{file} is not UTF-8: byte {error.start:,}", "convert it, e.g. with iconv -t utf-8"
        ) from error


def _split(name: str) -> Split:
    for split in SPLITS:
        if split == name:
            return split
    raise UsageError(f"no split is named {name!r}", f"one of {', '.join(SPLITS)}")


def _print_each(pairs: Iterator[tuple[str, float]], *, as_json: bool) -> None:
    """Every character with what it cost, in nats."""
    if as_json:
        emit({"characters": [{"character": c, "nats": round(nats, 6)} for c, nats in pairs]}, "", as_json=True)
        return
    for character, nats in pairs:
        sys.stdout.write(f"{nats:.4f}\t{character!r}\n")
