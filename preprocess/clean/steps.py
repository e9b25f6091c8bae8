"""Cleaning steps: functions Document -> Document | Drop, and the table that names them for ``[clean] steps``.

A step sees one document and changes its text or leaves it out; it knows no other document, no file and no corpus.

    steps = ["line_ends", "nfc", "scrub:email,phone", "min_characters:2"]

What a step mends or hides is counted in the document's `meta` (``mended_c1``, ``scrubbed``). A step that has nothing to
do says so quickly: most texts are right already, and a corpus may have a million of them. docs/steps.md shows each.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from corpusmill.errors import SpecError
from corpusmill.spec import nearest
from corpusmill.types import Document, Drop
from preprocess.clean import markers, mend
from preprocess.clean.mojibake import mojibake
from preprocess.clean.outcome import counted, dropped, with_text
from preprocess.clean.scrub import PATTERNS, scrub
from preprocess.text.decode import unix

Step = Callable[[Document], Document | Drop]

_FEW = 8  # blank lines in a row; a text that has not as many needs no closer look
_BLANK = re.compile(r"(?:\A|\n)(?:[ \t]*\n)+")  # a line end and the blank lines after it


def line_ends(document: Document) -> Document:
    """CRLF and CR become LF."""
    return with_text(document, unix(document.text))


def nfc(document: Document) -> Document:
    """Unicode's composed form (UAX #15), so that equal words are equal characters."""
    if document.text.isascii():
        return document
    return with_text(document, unicodedata.normalize("NFC", document.text))


def one_line(document: Document) -> Document:
    """Every run of line breaks and the white space around it becomes one space: a document is a line."""
    lines = (line.strip() for line in document.text.splitlines())
    return with_text(document, " ".join(line for line in lines if line))


def strip(document: Document) -> Document:
    """No white space at the beginning and the end."""
    return with_text(document, document.text.strip())


def trailing_spaces(document: Document) -> Document:
    """No spaces and tabs at the end of a line."""
    text = document.text
    if not text.endswith((" ", "\t")) and " \n" not in text and "\t\n" not in text:
        return document
    return with_text(document, "\n".join(line.rstrip(" \t") for line in text.split("\n")))


def blank_lines(most: int, document: Document) -> Document:
    """At most so many blank lines in a row; a line of spaces and tabs is blank."""
    text = document.text
    if not text.startswith("\n") and not any(sign in text for sign in ("\n" * (min(most, _FEW) + 2), "\n ", "\n\t")):
        return document

    def fewer(match: re.Match[str]) -> str:
        ends = match[0].count("\n")  # one of them ends the line before, if there is one
        return "\n" * min(ends, most + (match.start() > 0))

    return with_text(document, _BLANK.sub(fewer, text))


def mended(name: str, by: Callable[[str], mend.Mended], document: Document) -> Document:
    """Characters put right by a function of `preprocess.clean.mend` or `preprocess.clean.mojibake`."""
    text, count = by(document.text)
    return counted(document, text, f"mended_{name}", count)


def scrubbed(kinds: frozenset[str], document: Document) -> Document:
    """Tokens in place of personal data of these kinds (`preprocess.clean.scrub`)."""
    text, count = scrub(document.text, kinds)
    return counted(document, text, "scrubbed", count)


def min_characters(least: int, document: Document) -> Document | Drop:
    """Drop what has fewer characters, white space at the ends not counted."""
    found = len(document.text.strip())
    return document if found >= least else dropped(document, "min_characters", f"too short: {found} of {least}")


def max_characters(most: int, document: Document) -> Document | Drop:
    """Drop what has more characters, white space at the ends not counted."""
    found = len(document.text.strip())
    return document if found <= most else dropped(document, "max_characters", f"too long: {found}, more than {most}")


def resolve(text: str, where: str) -> Step:
    """``name`` or ``name:argument`` -> the step. Raises SpecError, naming the file `where` it is."""
    name, colon, given = text.partition(":")
    if name not in STEPS:
        raise SpecError(f"{where}: clean.steps: no step is named {name!r}", nearest(name, STEPS, "steps"))
    step, argument = STEPS[name]
    if argument is None and not colon:
        return step
    value = argument.read(given) if argument else None
    if value is None:
        usage = argument.usage if argument else ""
        raise SpecError(f"{where}: clean.steps: {text!r} is no step", f"write {name}{usage}")
    return partial(step, value)


@dataclass(frozen=True, slots=True)
class Argument:
    """What may stand behind a step's name; `read` gives None for anything else."""

    usage: str
    read: Callable[[str], Any]


def _number(given: str) -> int | None:
    return int(given) if re.fullmatch("[0-9]{1,12}", given) else None


def _kinds(given: str) -> frozenset[str] | None:
    kinds = frozenset(given.split(","))
    return kinds if kinds <= PATTERNS.keys() else None


NUMBER = Argument(":N, N a whole number", _number)
KINDS = Argument(f": and one or more of {', '.join(PATTERNS)}, with commas between", _kinds)
MARKER = Argument(":U+0002, or any other character or word", markers.marker)

STEPS: Mapping[str, tuple[Callable[..., Document | Drop], Argument | None]] = {
    # how the text lies
    "line_ends": (line_ends, None),
    "nfc": (nfc, None),
    "one_line": (one_line, None),
    "trailing_spaces": (trailing_spaces, None),
    "blank_lines": (blank_lines, NUMBER),
    "strip": (strip, None),
    # characters that were read wrongly
    "mojibake": (partial(mended, "mojibake", mojibake), None),
    "c1": (partial(mended, "c1", mend.c1), None),
    "comma_below": (partial(mended, "comma_below", mend.comma_below), None),
    "controls": (partial(mended, "controls", mend.controls), None),
    "homoglyphs": (partial(mended, "homoglyphs", mend.homoglyphs), None),
    "spaces": (partial(mended, "spaces", mend.spaces), None),
    # what must not be in it
    "scrub": (scrubbed, KINDS),
    "min_characters": (min_characters, NUMBER),
    "max_characters": (max_characters, NUMBER),
    # where it begins and ends
    "begin": (markers.begin, MARKER),
    "end": (markers.end, MARKER),
}
