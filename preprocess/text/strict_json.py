"""JSON as its grammar and its authors meant it: what Python's reader lets pass in silence is a ParseError here.

Refused: a key given twice (the last would win), NaN and Infinity (no JSON), half a surrogate pair (no text), nesting
deeper than Python can follow. It knows no schema; `msgspec.convert` gives the values their types.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from corpusmill.errors import ParseError
from preprocess.text.decode import decode

LONGEST = 1 << 23  # characters of one item of a list, which may take 25 times as much memory
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SPACE = re.compile(r"[ \t\n\r]*")
_HINT = "look at the file: was it fetched whole, and is it what the corpus declares?"


def loads(body: bytes) -> Any:
    """The value of a JSON document in UTF-8. Raises ParseError."""
    text = decode(body, "utf-8").text
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError as error:
        raise ParseError("not JSON: nested too deeply", _HINT) from error
    except ValueError as error:
        raise ParseError(f"not JSON: {error}", _HINT) from error
    if _SURROGATE.search(text):
        _refuse_half_pairs(value)
    return value


def items(body: bytes) -> Iterator[Any]:
    """The items of a JSON list in UTF-8, one by one: a long list is never whole in memory.

    Raises ParseError, if need be after items that were right.
    """
    text = decode(body, "utf-8").text
    at = _after_space(text, 0)
    if not text.startswith("[", at):
        raise ParseError("not a list: it does not begin with [", _HINT)
    at = _after_space(text, at + 1)
    window = _Window(text)
    while not text.startswith("]", at):
        value, at = window.item(at)
        yield value
        at = _after_space(text, at)
        if text.startswith(",", at):
            at = _after_space(text, at + 1)
            if text.startswith("]", at):
                raise ParseError(f"not JSON: no item after the comma before character {at:,}", _HINT)
        elif not text.startswith("]", at):
            raise ParseError(f"not JSON: neither comma nor ] at character {at:,}", _HINT)
    if _after_space(text, at + 1) < len(text):
        raise ParseError(f"not JSON: more follows the list from character {at + 1:,} on", _HINT)


class _Window:
    """The part of a text in which items are looked for, so that one without an end costs no more than its length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._move(0)

    def item(self, at: int) -> tuple[Any, int]:
        """The value that begins at a character, and where it ends."""
        failed = ""
        try:
            value, end = _READER.raw_decode(self._part, at - self._start)
        except RecursionError as error:
            raise ParseError("not JSON: nested too deeply", _HINT) from error
        except json.JSONDecodeError as error:
            failed = f"{error.msg}: character {self._start + error.pos:,}"
        except ValueError as error:  # a number of too many digits
            failed = str(error)
        if not failed and (self._last or end < len(self._part)):  # at the window's end a number may go on
            if _SURROGATE.search(self._part, at - self._start, end):
                _refuse_half_pairs(value)
            return value, self._start + end
        if self._last or at == self._start:
            failed = failed or f"what begins at character {at:,} does not end"
            raise ParseError(f"not JSON: {failed}{'' if self._last else f' within {LONGEST:,} characters'}", _HINT)
        self._move(at)
        return self.item(at)

    def _move(self, start: int) -> None:
        self._start = start
        self._part = self._text[start : start + LONGEST]
        self._last = start + len(self._part) == len(self._text)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _refuse_half_pairs(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ParseError("not JSON: half a surrogate pair in a string", _HINT) from error
    except (RecursionError, ValueError) as error:
        raise ParseError("not JSON: nested too deeply", _HINT) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ParseError(f"not JSON: key {twice[:80]!r} twice in one object", _HINT)
    return value


def _constant(name: str) -> NoReturn:
    raise ParseError(f"not JSON: {name} is no number", _HINT)


_READER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
