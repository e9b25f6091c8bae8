"""JSON as web pages write it by hand and by template -> its values; what no reading makes sense of gives none.

Mended, where the strict reading fails: what hid a script from old browsers, comments, commas with nothing after them,
line ends and quotation marks inside strings, escapes that JSON has not, entities of HTML in place of quotation marks.
Numbers come as they are written. It goes over a text a fixed number of times, whatever is in it.
"""

import html
import json
import re
from typing import Any

_BEFORE, _AFTER = ("//", "/*", "<!--", "<![CDATA[", "<! [CDATA[", "*/"), ("*/", "]]>", "-->", "//", "/*", ";")
_PIECE = re.compile(
    r'"(?:[^"\\]++|\\.|"(?!\s*(?:[,:}\]]|\Z)))*+(?:"|\Z)'  # a string: it ends where a sign of JSON follows
    r"|//[^\n]*|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|<!--|-->|<!\[CDATA\[|\]\]>"
    r"|[,;](?=\s*(?:[}\]]|\Z))",
    re.DOTALL,
)
_INSIDE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\.?|"', re.DOTALL)
_HALF = re.compile("[\ud800-\udfff]")  # JSON can write half a surrogate pair, which is no text
_BETWEEN = re.compile(r"[\s;,\ufeff]*")
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None)


def values(text: str) -> list[Any]:
    """The values of a script, one after another."""
    text = _HALF.sub("", _unwrapped(text))
    found = _read(text)
    for attempt in (text, html.unescape(text)):
        found = _read(_PIECE.sub(_mended, attempt)) if found is None else found
    return found or []


def _read(text: str) -> list[Any] | None:
    """Every value, or None where one is no JSON."""
    found, at = [], _begin(text, 0)
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            found.append(value)
            at = _begin(text, end)
    except (ValueError, RecursionError):
        return None
    return found


def _begin(text: str, at: int) -> int:
    """Where the next value begins."""
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _mended(match: re.Match[str]) -> str:
    """A string without what JSON forbids in one; of the rest nothing."""
    piece = match[0]
    if not piece.startswith('"'):
        return " "
    inner = piece[1:-1] if len(piece) > 1 and piece.endswith('"') else piece[1:]
    return f'"{_INSIDE.sub(_escaped, inner)}"'


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    if sign == '"':
        return '\\"'
    known = len(sign) > 1 and (sign[1] in '"\\/bfnrt' or len(sign) > 2)  # noqa: PLR2004 - \uXXXX
    return sign if known else sign[1:]


def _unwrapped(text: str) -> str:
    """JSON without what hid it from browsers that know no scripts."""
    for mark in _BEFORE:
        text = text.strip().removeprefix(mark)
    for mark in _AFTER:
        text = text.strip().removesuffix(mark)
    return text
