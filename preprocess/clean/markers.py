"""Where a document begins and ends, said by a character or a word of its own, as ``begin:U+0002`` and ``end:</s>``.

A marker promises that it stands nowhere else, so a document that holds it inside is left out, not mended: whether its
text talks about the marker, or was made to look like two documents, nobody can tell. A control character inside a text
is best taken out by the step ``controls`` before. A marker that is in its place already stays, and is not put twice.
"""

import re

from corpusmill.types import Document, Drop
from preprocess.clean.outcome import dropped, with_text

_CODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)  # halves of UTF-16's pairs: no text can hold them


def marker(given: str) -> str | None:
    """``U+0002`` -> that character, anything else -> itself; None for nothing, and for what is no character."""
    code = _CODE.fullmatch(given)
    if not code:
        return given or None
    value = int(code[1], 16)
    return None if value > _LAST or value in _SURROGATES else chr(value)


def begin(sign: str, document: Document) -> Document | Drop:
    """The marker before the text."""
    if _inside(sign, document.text):
        return _refused("begin", sign, document)
    return with_text(document, sign + document.text.removeprefix(sign))


def end(sign: str, document: Document) -> Document | Drop:
    """The marker after the text."""
    if _inside(sign, document.text):
        return _refused("end", sign, document)
    return with_text(document, document.text.removesuffix(sign) + sign)


def _inside(sign: str, text: str) -> bool:
    return sign in text and sign in text.removeprefix(sign).removesuffix(sign)


def _refused(step: str, sign: str, document: Document) -> Drop:
    shown = sign if sign.isprintable() else " ".join(f"U+{ord(character):04X}" for character in sign)
    return dropped(document, step, f"holds the marker: {shown}")
