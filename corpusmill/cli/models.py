"""What a trained model is for: sample and score."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import ParseError, UsageError
from corpusmill.store import refs
from corpusmill.types import SPLITS, Split

if TYPE_CHECKING:
    from model.sample import Sampler
    from model.sampling.choose import Sampling
    from model.score import Score

_PICTURES = {n: 0x2400 + n for n in range(32) if chr(n) not in "\t\n"} | dict.fromkeys(range(0x7F, 0xA0), 0xFFFD)
"""What a terminal is shown of characters that it would obey: models of bytes write any."""
_UNSEEN = 20  # characters that are told one by one
Engine = Literal["auto", "numpy", "numba"]
Rule = Literal["rms", "sgd"]
RunRef = Annotated[str, typer.Argument(metavar="RUN", help="A run: bible/runs/ID, or bible for its latest.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog='Example: corpusmill sample bible --prime "In the beginning" --temperature 0.7')(sample)
    app.command(epilog="Example: corpusmill score bible --split validation --reset 256")(score)


def sample(
    ref: RunRef,
    prime: Annotated[str, typer.Option(help="Text to go on from.")] = "",
    prime_file: Annotated[str, typer.Option(metavar="FILE|-", help="The same from a UTF-8 file, or from stdin.")] = "",
    length: Annotated[int, typer.Option(min=1, help="Characters to write; of a run of bytes or words, these.")] = 500,
    temperature: Annotated[float, typer.Option(min=0, help="0 takes the likeliest; 1 is the model's own.")] = 1.0,
    top_k: Annotated[int, typer.Option(min=0, help="Choose among the K likeliest; 0 = all.")] = 0,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Choose among the likeliest that make up P; 1 = all.")] = 1,
    min_p: Annotated[float, typer.Option(min=0, max=1, help="Only those at least P times as likely as the first.")] = 0,
    stop: Annotated[list[str] | None, typer.Option(help="End before this string. Repeatable.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same text.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many samples; each has the next seed.")] = 1,
    beam: Annotated[int, typer.Option(min=0, help="Search for the likeliest text with N beginnings at a time.")] = 0,
    engine: Annotated[
        Engine, typer.Option(help="What computes; auto = numba for one long sample, numpy for others, side by side.")
    ] = "auto",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write text with a trained model."""
    from model.sample import Sampler
    from model.sampling.choose import Sampling

    if prime and prime_file:
        raise UsageError("--prime and --prime-file are two texts to go on from", "give one of them")
    how = Sampling(
        length=length,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        stop=tuple(stop or ()),
        seed=seed,
    )
    if beam and (count > 1 or engine != "auto" or how != Sampling(length=length, stop=how.stop)):
        raise UsageError("a beam takes nothing by chance", "give --beam with --prime, --length and --stop alone")
    opened = open_store(store)
    found = refs.run(opened, ref)
    before = _read(prime_file) if prime_file else prime
    sampler = Sampler.load(found, opened)
    if unseen := sampler.unseen(before):
        told_of = _named(unseen, sampler.vocabulary.unit)
        sys.stderr.write(f"the model has never seen {told_of}; it reads them as unknown\n")
    if beam:
        searched = sampler.beam(before, length=length, width=beam, stop=how.stop)
        told = [{"beam": beam, "nats_per_char": searched.nats_per_char, "text": before + searched.text}]
        value = {"run": found.ref, "unit": sampler.vocabulary.unit, "prime": before, "samples": told}
        emit(value, before + searched.text, as_json=as_json)
        return
    texts = _texts(sampler, before, how, count, engine)
    if as_json:
        samples = [{"seed": seed + n, "text": before + "".join(text)} for n, text in enumerate(texts)]
        value = {"run": found.ref, "unit": sampler.vocabulary.unit, "prime": before, "samples": samples}
        emit(value, "", as_json=True)
        return
    for number, text in enumerate(texts):
        if count > 1:  # not on stdout, which has what the model wrote alone
            sys.stderr.write(f"--- {number + 1} of {count:,}, seed {seed + number}\n")
            sys.stderr.flush()
        _stream(before, text)


def _texts(sampler: "Sampler", prime: str, how: "Sampling", count: int, engine: Engine) -> Iterable[Iterable[str]]:
    """One as it comes; several side by side, unless it is said what computes them."""
    if count > 1 and engine == "auto":
        return sampler.texts(prime, how, count=count)
    hows = (replace(how, seed=how.seed + n) for n in range(count))
    return (sampler.stream(prime, each, engine=engine) for each in hows)


def score(
    ref: RunRef,
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A UTF-8 text, - for standard input.")] = "",
    split: Annotated[str, typer.Option(help="Score a split of the run's version: train, validation or test.")] = "",
    reset: Annotated[
        int, typer.Option(min=0, help="Zero the hidden state every N characters, bytes or words; 0 = carry it on.")
    ] = 0,
    each: Annotated[bool, typer.Option("--each", help="One line a character, byte or word: nats, tab, it.")] = False,
    dynamic: Annotated[
        Rule | None, typer.Option(help="Let the weights go on learning from what was scored, by this rule.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Of that learning.")] = None,
    decay: Annotated[float | None, typer.Option(help="Share of the way back that each window takes.")] = None,
    window: Annotated[int | None, typer.Option(help="Tokens scored before they are learnt from.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how well a model predicts a text: bits per byte, nats per character, perplexity."""
    if bool(file) == bool(split):
        raise UsageError("give a file (or -) or --split", "corpusmill score bible --split validation")
    if not dynamic and (rate, decay, window) != (None, None, None):
        raise UsageError("--rate, --decay and --window are of dynamic evaluation", "give --dynamic rms or sgd too")
    import model.score as scoring
    from model.dynamic import WINDOW, settings

    how = settings(dynamic, rate=rate, decay=decay, window=WINDOW if window is None else window) if dynamic else None
    opened = open_store(store)
    found = refs.run(opened, ref)
    text = _read(file) if file else scoring.split_passage(found, opened, _split(split))
    with progress() as show:
        if each:
            costs = list(scoring.each_token(found, opened, text, reset=reset, dynamic=how, progress=show))
        else:
            result = scoring.score(found, opened, text, split=split or file, reset=reset, dynamic=how, progress=show)
    if each:
        _print_each(costs, found.config.get("unit", "character"), as_json=as_json)
    else:
        emit(result, _scored(result), as_json=as_json)


def _scored(result: "Score") -> str:
    """The result for people."""
    state = f"state reset every {result.reset:,} {result.unit}s" if result.reset else "state carried"
    tokens = "" if result.unit == "character" else f" in {result.tokens:,} {result.unit}s"
    how = result.dynamic
    learning = how and (
        f"\ndynamic evaluation by {how.rule}: rate {how.rate:g}, decay {how.decay:g}, windows of {how.window:,}"
        f"{f', gradients of {how.gathered:,} {result.unit}s of training text' if how.gathered else ''}"
    )
    unknown = f", {result.unknown:,} of them unknown to the model" if result.unknown else ""
    named = "standard input" if result.split == "-" else result.split
    return (
        f"{result.bits_per_byte:.4f} bits per byte   {result.nats_per_char:.4f} nats per character   "
        f"perplexity {result.perplexity:.3f}\n"
        f"{named}, {result.characters:,} characters{tokens}{unknown}, {state}{learning or ''}"
    )


def _named(tokens: Sequence[str], unit: str) -> str:
    """Some of them, and how many more."""
    rest = len(tokens) - _UNSEEN
    return " ".join(map(repr, tokens[:_UNSEEN])) + (f" and {rest:,} more {unit}s" if rest > 0 else "")


def _stream(prime: str, pieces: Iterable[str]) -> None:
    """Print a sample as it is written; to a terminal without what would steer it."""
    shown = _PICTURES if sys.stdout.isatty() else {}
    try:
        for piece in chain((prime,), pieces):
            sys.stdout.write(piece.translate(shown))
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.write("\n")  # what is said of it begins a line
        sys.stdout.flush()
        raise
    sys.stdout.write("\n")
    sys.stdout.flush()


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


def _print_each(pairs: Iterable[tuple[str, float]], unit: str, *, as_json: bool) -> None:
    """Every token with what it cost, in nats."""
    if as_json:
        told = [{unit: token, "nats": round(nats, 6)} for token, nats in pairs]
        emit({"unit": unit, f"{unit}s": told}, "", as_json=True)
        return
    for token, nats in pairs:
        sys.stdout.write(f"{nats:.4f}\t{token!r}\n")
