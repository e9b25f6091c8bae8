"""What of it is new: how much of what the model wrote it had read, beside held-out text, and its longest recitals."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.trace import Novelty
from reports import words
from reports.chart import bar
from reports.material import Material
from reports.recited import LARGEST, Recited
from reports.visible import link

SIZES = (5, 10, 15, 20, 30, 40, 50)  # rows of the table


@dataclass(frozen=True, slots=True)
class Size:
    """One row: of the runs of so many characters, how many are nowhere in the training text."""

    characters: str
    written: str
    picture: Markup
    held: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words that the model recited, and where it read them."""

    heading: str
    says: str
    source: Markup
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Newness:
    """The table, the stretches, and the sentence above; or why there are none."""

    said: str
    sizes: tuple[Size, ...]
    stretches: tuple[Stretch, ...]
    command: str


def newness(material: Material) -> Newness:
    """Material -> the section on what of it is new."""
    recital, command = material.recital, f"corpusmill trace {material.run.ref} -"
    if not recital:
        return Newness(said=_why_not(material), sizes=(), stretches=(), command=command)
    held = {one.n: one for one in recital.held}
    return Newness(
        said=_said({one.n: one for one in recital.written}, held),
        sizes=tuple(_size(one, held) for one in recital.written if one.n in SIZES),
        stretches=tuple(map(_stretch, recital.longest)),
        command=command,
    )


def _why_not(material: Material) -> str:
    if material.characters("train") > LARGEST:
        return "The training text is too long to be searched for every report."
    return "This run kept no samples to look for in the training text."


def _said(written: Mapping[int, Novelty], held: Mapping[int, Novelty]) -> str:
    """The longest size that the table and both texts have, in a sentence."""
    size = max((n for n in SIZES if n in written and n in held and n <= 20), default=0)  # noqa: PLR2004 - a few words
    if not size:
        return ""
    ours, theirs = (words.percent(of[size].novel, of[size].of) for of in (written, held))
    return (
        f"Of the runs of {size} characters that it wrote, {ours} are nowhere in the training text; of those in "
        f"held-out text, {theirs}."
    )


def _size(one: Novelty, held: Mapping[int, Novelty]) -> Size:
    beside = held.get(one.n)
    return Size(
        characters=words.count(one.n),
        written=words.percent(one.novel, one.of),
        picture=bar(one.share, "ours"),
        held=words.percent(beside.novel, beside.of) if beside else "",
    )


def _stretch(one: Recited) -> Stretch:
    places = f"in {words.count(one.times)} places" if one.times > 1 else ""
    says = filter(None, (f"temperature {one.temperature:g}", places, one.title))
    return Stretch(words.count(len(one.text), "character"), " · ".join(says), link(one.source), one.text)
