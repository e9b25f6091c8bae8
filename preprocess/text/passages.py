"""Text cut into passages: for texts in which nothing but blank lines and line ends shows where to cut.

A passage has about a hundredth of the text's characters, but 100 to 2,000. It ends at a blank line; where paragraphs
are long, at a line's end, else between words, else anywhere. Only white space at the cuts is lost.
"""

import re
from collections.abc import Iterator

SHORTEST, LONGEST = 100, 2_000  # characters a passage should have
PARTS = 100  # passages a text should give
LONG = PARTS * LONGEST  # characters of a text from which on all passages are as long as they may be
_FEWEST = 20  # passages it gives at least, so that a twentieth of them is one for validation
_SLACK = 4  # times its aim that a passage may have before a paragraph is cut
_CUTS = (re.compile(r"\n(?:[^\S\n]*\n)+"), re.compile(r"\n"))  # blank lines, then line ends

Span = tuple[int, int]
Unit = tuple[int, int, bool]
"""A span that no passage cuts, and whether a passage ends with it: then it is the last of a line that was cut."""


def passages(text: str, whole: int = 0, *, goes_on: bool = False) -> Iterator[Span]:
    """Where each passage starts and ends, of a text or of a part of one with `whole` characters.

    A part that `goes_on` begins within a paragraph that is too long for a passage.
    """
    size = max(whole, len(text))
    aim = max(SHORTEST, min(LONGEST, size // PARTS))
    most = max(aim, min(_SLACK * aim, size // _FEWEST))
    start = end = 0
    for unit_start, unit_end, is_last in _units(text, (0, len(text)), aim, most, goes_on=goes_on):
        full = (unit_end - start) - aim > aim - (end - start)  # with this unit it is farther from the aim
        if end and full:
            yield start, end
        if full or not end:
            start = unit_start
        end = unit_end
        if is_last:
            yield start, end
            end = 0
    if end:
        yield start, end


def _units(text: str, span: Span, aim: int, most: int, level: int = 0, *, goes_on: bool = False) -> Iterator[Unit]:
    """The parts between blank lines; those longer than `most` cut at line ends, then between words."""
    for start, end in _between(text, span, _CUTS[level]):
        if end - start <= most and not goes_on:
            yield start, end, False
        elif level + 1 < len(_CUTS):
            yield from _units(text, (start, end), aim, most, level + 1)
        else:
            yield from ((*part, part[1] == end) for part in _words(text, (start, end), aim))
        goes_on = False


def _between(text: str, span: Span, cut: re.Pattern[str]) -> Iterator[Span]:
    start, end = span
    for match in cut.finditer(text, start, end):
        yield from _filled(text, start, match.start())
        start = match.end()
    yield from _filled(text, start, end)


def _words(text: str, span: Span, aim: int) -> Iterator[Span]:
    start, end = span
    while end - start > aim:
        space = text.rfind(" ", start + 1, start + aim + 1)
        cut = space if space > 0 else start + aim
        yield from _filled(text, start, cut)
        start = cut + (space > 0)
    yield from _filled(text, start, end)


def _filled(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without empty lines before and white space behind, unless that leaves nothing."""
    part = text[start:end].rstrip()
    if part:
        yield start + len(part) - len(part.lstrip("\n")), start + len(part)
