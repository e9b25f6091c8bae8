"""Cleaning steps: functions Document -> Document | Drop, and the table that names them for ``[clean] steps``.

A step sees one document and changes its text or leaves it out; it knows no other document, no file and no corpus.

    steps = ["line_ends", "nfc", "scrub:email,phone", "min_characters:2"]

What a step mends or hides is counted in the document's `meta` (``mended_c1``, ``scrubbed``).
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from corpusmill.errors import SpecError
from corpusmill.spec import nearest
from corpusmill.types import Document, Drop
from preprocess import mend
from preprocess.decode import unix
from preprocess.scrub import PATTERNS, scrub

Step = Callable[[Document], Document | Drop]


def line_ends(document: Document) -> Document:
    """CRLF and CR become LF."""
    return _with(document, unix(document.text))


def nfc(document: Document) -> Document:
    """Unicode's composed form (UAX #15), so that equal words are equal characters."""
    return _with(document, unicodedata.normalize("NFC", document.text))


def one_line(document: Document) -> Document:
    """Every run of line breaks and the white space around it becomes one space: a document is a line."""
    lines = (line.strip() for line in document.text.splitlines())
    return _with(document, " ".join(line for line in lines if line))


def mended(name: str, by: Callable[[str], mend.Mended], document: Document) -> Document:
    """Characters put right by a function of `preprocess.mend`."""
    text, count = by(document.text)
    return _counted(document, text, f"mended_{name}", count)


def scrubbed(kinds: frozenset[str], document: Document) -> Document:
    """Tokens in place of personal data of these kinds (`preprocess.scrub`)."""
    text, count = scrub(document.text, kinds)
    return _counted(document, text, "scrubbed", count)


def min_characters(least: int, document: Document) -> Document | Drop:
    """Drop what has fewer characters, white space at the ends not counted."""
    found = len(document.text.strip())
    if found >= least:
        return document
    return Drop(id=document.id, step="min_characters", reason=f"too short: {found} of {least}", source=document.source)


def resolve(text: str, where: str) -> Step:
    """``name``, ``name:number`` or ``name:word,word`` -> the step. Raises SpecError, naming the file `where` it is."""
    name, colon, given = text.partition(":")
    known = [*STEPS, *NUMBERED, *WORDED]
    if name not in known:
        raise SpecError(f"{where}: clean.steps: no step is named {name!r}", nearest(name, known, "steps"))
    if name in STEPS and not colon:
        return STEPS[name]
    if name in NUMBERED and given.isdecimal():
        return partial(NUMBERED[name], int(given))
    if name in WORDED and set(given.split(",")) <= set(WORDED[name][1]):
        return partial(WORDED[name][0], frozenset(given.split(",")))
    raise SpecError(f"{where}: clean.steps: {text!r} is no step", f"write {_usage(name)}")


def _usage(name: str) -> str:
    if name in WORDED:
        return f"{name}: and one or more of {', '.join(WORDED[name][1])}, with commas between"
    return f"{name}:N, N a whole number" if name in NUMBERED else name


def _counted(document: Document, text: str, name: str, count: int) -> Document:
    if not count:
        return _with(document, text)
    return replace(document, text=text, meta={**document.meta, name: document.meta.get(name, 0) + count})


def _with(document: Document, text: str) -> Document:
    return document if text == document.text else replace(document, text=text)


STEPS: Mapping[str, Step] = {
    "line_ends": line_ends,
    "nfc": nfc,
    "one_line": one_line,
    "c1": partial(mended, "c1", mend.c1),
    "comma_below": partial(mended, "comma_below", mend.comma_below),
    "controls": partial(mended, "controls", mend.controls),
    "homoglyphs": partial(mended, "homoglyphs", mend.homoglyphs),
    "spaces": partial(mended, "spaces", mend.spaces),
}
NUMBERED: Mapping[str, Callable[[int, Document], Document | Drop]] = {
    "min_characters": min_characters,
}
WORDED: Mapping[str, tuple[Callable[[frozenset[str], Document], Document | Drop], tuple[str, ...]]] = {
    "scrub": (scrubbed, tuple(PATTERNS)),
}
