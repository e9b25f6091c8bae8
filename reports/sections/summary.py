"""The head of the page: the result in one sentence, in figures, and beside what simpler means need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from reports import chart, words
from reports.material import Material
from reports.yardsticks import Yardstick

UNCOMPRESSED = 8.0  # bits per byte
_CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "plain RNN"}
_PARTS = {"norm": "layer normalisation", "residual": "residual connections", "tied": "tied embeddings"}
_ENGINES = {"numba": "numba", "torch": "PyTorch", "cudnn": "cuDNN"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number to remember."""

    value: str
    unit: str
    says: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the comparison."""

    name: str
    value: str
    picture: Markup
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The head of the page; the words around these stand in the template."""

    title: str
    ref: str
    day: str
    unit: str  # what the model reads one by one
    network: str
    built: str  # what it has besides; empty for a plain stack
    text: str  # how much training text there is, and how much of it was read
    passes: str  # how often; empty for less than once
    time: str
    bits: str
    share: str  # of the uncompressed size
    scored: str  # which part of which split the loss is over
    figures: tuple[Figure, ...]
    taught: tuple[Bar, ...]  # this model, and simpler ones that have read training text too
    read: str  # how much of it those had
    alone: tuple[Bar, ...]  # what sees the scored text alone


def summary(material: Material) -> Summary:
    """Material -> the head of the page."""
    run = material.run
    bits = material.best.bits_per_byte
    return Summary(
        title=material.version.title,
        ref=run.ref,
        day=words.day(material.clock.started_at),
        unit=material.settings.unit,
        network=network(material),
        built=built(material),
        text=_text(material),
        passes=_times(material) if _passes(material) >= 1 else "",
        time=words.duration(material.clock.seconds),
        bits=f"{bits:.2f}",
        share=words.percent(bits, UNCOMPRESSED),
        scored=scored(material),
        figures=tuple(_figures(material)),
        taught=tuple(_bars([*material.taught, Yardstick("", material.best.bits_per_byte)])),
        read=_read(material),
        alone=tuple(_bars(material.yardsticks)),
    )


def network(material: Material) -> str:
    """``2 × 256 GRU``: layers, units in each, and what they are."""
    settings = material.settings
    return f"{settings.layers} × {settings.hidden} {_CELLS[settings.cell]}"


def built(material: Material) -> str:
    """``layer normalisation, residual connections and tied weights``: how else it differs from a plain stack."""
    return words.listed([said for name, said in _PARTS.items() if getattr(material.settings, name)])


def scored(material: Material) -> str:
    """The text that the loss is over: the validation split, whole or its beginning."""
    whole, part = material.characters("validation"), len(material.scored)
    return "validation split" if part >= whole else f"validation split, first {words.count(part, 'character')}"


def _passes(material: Material) -> float:
    """How often the training text was read."""
    return material.characters_read / material.characters("train")


def _times(material: Material) -> str:
    """``4.1 times``."""
    passes = _passes(material)
    return f"{passes:.0f} times" if passes >= 10 else f"{passes:.1f} times"  # noqa: PLR2004 - two digits in all


def _text(material: Material) -> str:
    whole = words.about(material.characters("train"))
    return f"the {whole}" if _passes(material) >= 1 else f"{words.about(material.characters_read)} of the {whole}"


def _figures(material: Material) -> Iterator[Figure]:
    run, where = material.run, scored(material)
    nats = material.best.validation
    speed = words.about(material.clock.characters_per_second)
    yield Figure(f"{material.best.bits_per_byte:.3f}", "bits per byte", where)
    yield Figure(f"{nats:.3f}", "nats per character", where)
    yield Figure(words.perplexity(nats), "perplexity per character", where)
    share = words.percent(_passes(material), 1)
    often = f"the train split {_times(material)}" if _passes(material) >= 1 else f"{share} of the train split"
    yield Figure(words.about(material.characters_read), "characters read", often)
    yield Figure(speed, "characters per second", _machine(run.machine))
    yield Figure(
        words.about(run.parameters), "parameters", ", ".join(filter(None, (network(material), built(material))))
    )


def _machine(facts: Mapping[str, str]) -> str:
    """``2 threads, float32, numba``, as far as the run says."""
    threads, engine = facts.get("threads", ""), facts.get("kernel", "").partition(" ")[0]
    told = (threads and f"{threads} thread{'s' * (threads != '1')}", facts.get("dtype"), _ENGINES.get(engine))
    return ", ".join(filter(None, told))


def _read(material: Material) -> str:
    """How much of the training text simpler models have read: ``all of the training text``."""
    if not (found := material.baselines):
        return ""
    some, whole = words.count(found.trained, "character"), found.trained_in_all
    return "all of the training text" if found.trained >= whole else f"the first {some} of the training text"


def _bars(yardsticks: Iterable[Yardstick]) -> Iterator[Bar]:
    """The weakest first; the one without a name is ours."""
    for one in sorted(yardsticks, key=lambda one: (-one.bits_per_byte, one.name)):
        picture = chart.bar(min(one.bits_per_byte / UNCOMPRESSED, 1.0), "plainly" if one.name else "ours")
        yield Bar(one.name or "this model", f"{one.bits_per_byte:.2f}", picture, not one.name)
