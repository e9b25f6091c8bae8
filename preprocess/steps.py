"""Cleaning steps: functions Document -> Document | Drop, and the table that names them for ``[clean] steps``.

A step sees one document and changes its text or leaves it out; it knows no other document, no file and no corpus.

    steps = ["line_ends", "nfc", "min_characters:2"]
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from corpusmill.errors import SpecError
from corpusmill.spec import nearest
from corpusmill.types import Document, Drop
from preprocess.decode import unix

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


def min_characters(least: int, document: Document) -> Document | Drop:
    """Drop what has fewer characters, white space at the ends not counted."""
    found = len(document.text.strip())
    if found >= least:
        return document
    return Drop(id=document.id, step="min_characters", reason=f"too short: {found} of {least}", source=document.source)


def resolve(text: str, where: str) -> Step:
    """``name`` or ``name:number`` -> the step. Raises SpecError, naming the file `where` it stands."""
    name, colon, number = text.partition(":")
    if name not in STEPS and name not in NUMBERED:
        raise SpecError(f"{where}: clean.steps: no step is named {name!r}", nearest(name, [*STEPS, *NUMBERED], "steps"))
    if name in STEPS and not colon:
        return STEPS[name]
    if name in NUMBERED and number.isdecimal():
        return partial(NUMBERED[name], int(number))
    usage = f"{name}:N, N a whole number" if name in NUMBERED else name
    raise SpecError(f"{where}: clean.steps: {text!r} is no step", f"write {usage}")


def _with(document: Document, text: str) -> Document:
    return document if text == document.text else replace(document, text=text)


STEPS: Mapping[str, Step] = {
    "line_ends": line_ends,
    "nfc": nfc,
    "one_line": one_line,
}
NUMBERED: Mapping[str, Callable[[int, Document], Document | Drop]] = {
    "min_characters": min_characters,
}
