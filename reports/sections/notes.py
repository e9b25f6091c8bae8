"""What to keep in mind: what the figures do not say of themselves, each in a plain sentence or not at all.

A note is a function of the material that returns its sentence, or nothing where it does not apply; `NOTES` lists them.
"""

from collections.abc import Callable

from reports import words
from reports.material import Material
from reports.sections.summary import scored

Note = Callable[[Material], str]

RISE = 1.01  # above the best by this factor, the validation loss has risen and not just wavered
GAP = 1.15  # validation above training loss by this factor: the text is being learnt by heart
SPELT = 0.001  # of the scored tokens unknown: their bytes make the validation loss another thing than the training loss
FEW = 10_000  # characters; below, another split would change the second digit of the loss


def notes(material: Material) -> tuple[str, ...]:
    """Every note that applies, in the order of `NOTES`."""
    return tuple(filter(None, (note(material) for note in NOTES)))


def overfitting(material: Material) -> str:
    """Whether it learnt its training text by heart: validation up while train went down, or far apart at the best."""
    best, last = material.best, material.evaluations[-1]
    if last.validation > RISE * best.validation and last.train < best.train:
        return (
            f"It overfits. After iteration {words.count(best.iteration)} the validation loss rose from "
            f"{best.validation:.3f} to {last.validation:.3f} nats per character while the training loss fell from "
            f"{best.train:.3f} to {last.train:.3f}: from there on it learnt its training text by heart. "
            "The weights kept are those of the best evaluation."
        )
    if best.validation > GAP * best.train and _comparable(material):
        above = words.percent(best.validation - best.train, best.train)
        return (
            f"At its best the validation loss, {best.validation:.3f} nats per character, is {above} above the training "
            f"loss, {best.train:.3f}: part of what it learnt is its training text by heart."
        )
    return ""


def _comparable(material: Material) -> bool:
    """Whether losses far apart mean a text learnt by heart: it was read more than once, and nearly all is known."""
    again = material.characters_read > material.characters("train")
    return again and material.unknown <= SPELT * material.tokens


def went_back(material: Material) -> str:
    """Whether a batch could not be learnt from, and what of."""
    said = []
    for each in material.setbacks:
        more = f" and {len(each.documents) - 1:,} more" if len(each.documents) > 1 else ""
        read = f" Read there: {each.documents[0]}{more}, all of them in setbacks.json." if each.documents else ""
        said.append(
            f"At iteration {words.count(each.iteration)} training went back to iteration {words.count(each.back_to)}, "
            f"and on at {words.percent(each.rate, 1)} of the learning rate: {each.said}.{read}"
        )
    return " ".join(said)


def unfinished(material: Material) -> str:
    """Whether more time would have helped."""
    if material.evaluations[-1] != material.best:
        return ""
    return "The last evaluation was the best one: with more time the loss would very likely be lower."


def part_read(material: Material) -> str:
    """Whether it has not even seen all of its training text."""
    share = material.characters_read / material.characters("train")
    return "" if share >= 1 else f"It read only {words.percent(share, 1)} of its training text."


def part_scored(material: Material) -> str:
    """Which text the loss is over, and how far to trust it."""
    few = len(material.scored) < FEW
    every = material.best.reset
    reset = f", the hidden state zeroed every {words.count(every, material.settings.unit)}" if every else ""
    return (
        f"Every validation loss on this page is over one text: version {material.version.ref}, split scheme "
        f"“{material.scheme}”, {scored(material)}{reset}. It compares only with losses over the same text read alike."
        f"{' The text is short: another one would change the second digit.' if few else ''}"
    )


def unknown(material: Material) -> str:
    """What is scored but was never met in training."""
    one = material.settings.unit
    if not material.unknown:
        return f"Every {one} of the scored text is in the vocabulary."
    number = words.count(material.unknown, f"{one} is", f"{one}s are")
    share = words.percent(material.unknown, material.tokens)
    return (
        f"{number} in the scored text ({share}) but not in the vocabulary: charged the model's price for an unknown "
        f"{one} and 8 bits for each byte, and never written in a sample."
    )


def started(material: Material) -> str:
    """Whose weights it started from."""
    if not material.run.parent:
        return ""
    return (
        f"It started from the weights of {material.run.parent}: part of what it knows, and what it may recite, comes "
        "from the text of that run."
    )


def unit(material: Material) -> str:
    """What it reads one by one, where that is no character."""
    one = material.settings.unit
    if one == "character":
        return ""
    return f"It reads and writes {one}s; losses are told per character and per byte all the same, so they compare."


def outdone(material: Material) -> str:
    """Which of the simpler means do better."""
    ours = material.best.bits_per_byte
    others = (*material.taught, *material.yardsticks)
    better = [f"{y.name} ({y.bits_per_byte:.2f})" for y in others if y.bits_per_byte < ours]
    if not better:
        return ""
    need = "needs" if len(better) == 1 and not better[0].partition(" ")[0].endswith("-grams") else "need"
    return f"For the same text {words.listed(better)} {need} fewer bits per byte than this model ({ours:.2f})."


def untouched(material: Material) -> str:
    """What is left for a final judgement."""
    if not material.characters("test"):
        return "There is no test split: the best weights were chosen by the very text that the figures are over."
    return "The test split was neither trained on nor scored; the best weights were chosen by the validation split."


NOTES: tuple[Note, ...] = (
    went_back,
    overfitting,
    unfinished,
    part_read,
    part_scored,
    unit,
    unknown,
    started,
    outdone,
    untouched,
)
