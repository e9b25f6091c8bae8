r"""Text from outside -> markup that says what it holds and does nothing.

A title, an address or a sample may hold anything: tags, terminal escapes, characters that reverse the line or cannot
be seen, ten megabytes without a line end. Here the first are escaped, the second are spelt out (``\u202e``), the last
is cut with a note. The page's templates pass every value through `visible`; nothing outside this module makes markup
of a string it did not write itself.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

LINE = 240  # characters of a title, an address, a reason
BLOCK = 1200  # characters of a sample
LINES = 24  # lines of a sample
MARKS = 4  # combining marks on one letter; more would draw over the lines around it
ADDRESS_LENGTH = 2000  # browsers agree on no more
KEPT = frozenset("\n\t")
# Letters and symbols by category that draw nothing: fillers, the blank Braille cell, selectors outside the usual 16.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U000e0100-\U000e01ef]")
ADDRESS = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:[/?#][^\s\\<>\"']*)?", re.IGNORECASE)


def visible(text: str, limit: int = LINE) -> Markup:
    """Text as escaped markup, what cannot be seen spelt out in a span, cut at `limit` characters with a note."""
    head, rest = text[:limit], max(0, len(text) - limit)
    pieces = (Markup('<span class="esc">{}</span>').format(part) if odd else escape(part) for part, odd in _parts(head))
    shown = Markup().join(pieces)
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in head):
        shown = Markup("<bdi>{}</bdi>").format(shown)
    return shown + Markup(' <span class="cut">… {:,} more characters</span>').format(rest) if rest else shown


def block(text: str, limit: int = BLOCK, lines: int = LINES) -> Markup:
    """`visible` for what keeps its line ends: cut at so many lines too."""
    return visible(text, len("\n".join(text[:limit].split("\n")[:lines])))


def plain(text: str, limit: int = LINE) -> str:
    """The same as a string, for drawings: nothing unseen, an ellipsis for what is cut. Not escaped."""
    shown = "".join(part for part, _ in _parts(text[: limit + 1]))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def middle_cut(text: str, limit: int) -> str:
    """`plain`, but cut in the middle: paths and ids are told apart by their ends."""
    shown = plain(text[:LINE], LINE * 10)
    keep = limit - 1
    return shown if len(shown) <= limit else f"{shown[: keep // 2]}…{shown[-(keep - keep // 2) :]}"


def link(address: str) -> Markup:
    """An address as a link if it is plain http or https with nothing hidden in it, else as text."""
    if len(address) <= ADDRESS_LENGTH and ADDRESS.fullmatch(address) and not any(odd for _, odd in _parts(address)):
        mark = Markup('<a href="{}" rel="nofollow noopener noreferrer">{}</a>')
        return mark.format(address, visible(address))
    return visible(address)


def _parts(text: str) -> list[tuple[str, bool]]:
    """Runs of text, with whether each stands for unseen characters."""
    if text.isascii() and text.isprintable():  # most of what a page holds, and nothing in it is unseen
        return [(text, False)] if text else []
    runs = itertools.groupby(_characters(text), key=lambda pair: pair[1])
    return [("".join(shown for shown, _ in run), odd) for odd, run in runs]


def _characters(text: str) -> Iterator[tuple[str, bool]]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        odd = _unseen(character, category) or marks > MARKS
        yield _spelt(character) if odd else character, odd


def _unseen(character: str, category: str) -> bool:
    """Controls, formats, surrogates, private and unassigned code points, line separators and blank letters."""
    return character not in KEPT and (category[0] == "C" or category in ("Zl", "Zp") or bool(BLANK.match(character)))


def _spelt(character: str) -> str:
    r"""``\x1b``, ``\u202e`` or ``\U000e0041``."""
    point = ord(character)
    widths = ((0x100, f"\\x{point:02x}"), (0x10000, f"\\u{point:04x}"))
    return next((spelt for end, spelt in widths if point < end), f"\\U{point:08x}")
