"""What it wrote: samples as training went on, and the temperature ladder of the best weights."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from reports import words
from reports.material import Material
from reports.shapes import Metric, Sample

SHOWN = 6  # samples on the page: the first, the last and some between, closer at the start, where most changes


@dataclass(frozen=True, slots=True)
class Text:
    """One sample with what is said above it."""

    heading: str
    says: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples shown, how many there are, and the ladder."""

    shown: tuple[Text, ...]
    temperature: str  # of the samples shown
    total: int
    ladder: tuple[Text, ...]


def samples(material: Material) -> Samples:
    """Material -> the section on what it wrote."""
    return Samples(
        shown=tuple(_sample(material.metrics, sample) for sample in spread(material.samples, SHOWN)),
        temperature=words.listed(list(dict.fromkeys(f"{sample.temperature:g}" for sample in material.samples))),
        total=len(material.samples),
        ladder=tuple(Text(f"{rung.temperature:g}", "", rung.text) for rung in material.ladder),
    )


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most `most` of them, ever further apart: the first, the last, and what lies nearest to equal ratios."""
    if len(samples) <= most:
        return list(samples)
    places = {round((len(samples)) ** (index / (most - 1))) - 1 for index in range(most)}
    return [samples[place] for place in sorted(places)]


def _sample(metrics: Sequence[Metric], sample: Sample) -> Text:
    """Its heading: where in training it was written, and the last validation loss till then."""
    till = metrics[: bisect_right(metrics, sample.iteration, key=lambda metric: metric.iteration)]
    says = [f"{words.about(till[-1].characters)} characters"] if till else []
    if loss := next((metric.validation for metric in reversed(till) if metric.validation), None):
        says.append(f"{loss.bits_per_byte:.2f} bits per byte")
    return Text(f"iteration {words.count(sample.iteration)}", " · ".join(says), sample.text)
