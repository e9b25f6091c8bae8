"""Bytes -> text, in one place: a byte-order mark, else what was declared, else UTF-8, else windows-1252.

It knows no files and no formats. What a server said of the charset is not asked: a header is no part of a snapshot's
id, and the same snapshot must always give the same text. Nothing is replaced by U+FFFD: bytes that cannot be text raise
ParseError, and a windows-1252 byte inside UTF-8 is read as such and counted.
"""

import codecs
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpusmill.errors import ParseError

_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's, so it is looked for first
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Bytes that no text holds; 1A ended files under DOS, 1B begins a terminal's colours.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1a\x1b"})
_SPACE, _TAB, _BETWEEN = np.uint8(0x20), np.uint8(9), np.uint8(4)  # of those below a space, tab to CR pass at once
_SLICE = 1 << 18  # bytes looked at together: they stay in the processor's cache
_CONTROLS_PER_BYTE = 0.01  # random bytes hold 0.1, texts from old word processors a few in a page
_CONTROLS_AT_LEAST = 3  # what a few bytes may hold all the same
_ESCAPED = 0xDC00  # where the code points begin by which "surrogateescape" stands in for bytes; they are 80 to FF
_BYTES, _HALF = 0x100, 0x80
_LACKING = 0xDFFF  # for what windows-1252 has not: no text holds this
_WINDOWS_1252 = np.array([ord(bytes([b]).decode("windows-1252", "ignore") or chr(_LACKING)) for b in range(_BYTES)])
_DECLARE = "declare its encoding, or leave the file out"
_GIVE_TEXT = "give a text file; UTF-16 needs a byte-order mark or a declared encoding"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how it was read."""

    text: str
    encoding: str
    repaired: int = 0  # bytes that were not UTF-8 in a text that otherwise was

    @property
    def meta(self) -> dict[str, Any]:
        """What a document says of its decoding."""
        return {"encoding": self.encoding} | ({"repaired_bytes": self.repaired} if self.repaired else {})


def decode(body: bytes, declared: str = "") -> Decoded:
    """The text of a file, line ends as they are.

    Raises ParseError for bytes that are empty, binary, or undecodable (with the offset of the first such byte).
    """
    decoded = _decoded(body, declared)
    if not decoded.text or decoded.text.isspace():
        raise ParseError("empty: there is no text in it", "give a file with text")
    return decoded


def unix(text: str) -> str:
    """The text with LF line ends, from CRLF or CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def known_encoding(name: str) -> bool:
    """Whether Python has a codec of this name that reads text."""
    try:
        "text".encode(name)
    except (LookupError, ValueError):  # no such codec, or one for something else than text; a name no codec can have
        return False
    return True


def _decoded(body: bytes, declared: str) -> Decoded:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return Decoded(_strict(body, encoding, len(mark)), encoding)
    if declared:
        return Decoded(_strict(body, declared, 0), declared)
    _refuse_binary(body)
    return _utf8_or_windows_1252(body)


def _strict(body: bytes, encoding: str, start: int) -> str:
    try:
        text = body[start:].decode(encoding)
    except UnicodeDecodeError as error:
        detail = f"not {encoding} at offset {start + error.start} ({error.reason})"
        raise ParseError(f"undecodable: {detail}", _DECLARE) from error
    except (LookupError, UnicodeError) as error:
        raise ParseError(f"undecodable: {encoding!r} is no text encoding", _DECLARE) from error
    if "\0" in text:
        raise ParseError(f"binary: a NUL in what should be {encoding}", _GIVE_TEXT)
    return text


def _refuse_binary(body: bytes) -> None:
    if (offset := body.find(0)) >= 0:
        raise ParseError(f"binary: a NUL byte at offset {offset}", _GIVE_TEXT)
    controls = _controls(body)
    if controls > max(_CONTROLS_AT_LEAST, len(body) * _CONTROLS_PER_BYTE):
        raise ParseError(f"binary: {controls} control characters in {len(body)} bytes", _GIVE_TEXT)


def _controls(body: bytes) -> int:
    """How many bytes are controls that no text holds. A gigabyte a second finds that there are none."""
    data = np.frombuffer(body, np.uint8)
    for start in range(0, len(data), _SLICE):
        piece = data[start : start + _SLICE]
        if ((piece < _SPACE) & (piece - _TAB > _BETWEEN)).any() or body.find(b"\x7f", start, start + _SLICE) >= 0:
            return len(body) - len(body.translate(None, _CONTROLS))
    return 0


def _utf8_or_windows_1252(body: bytes) -> Decoded:
    """UTF-8, with bytes that are not read as windows-1252: all of them in an old file, a few in a mixed one."""
    try:
        return Decoded(body.decode(), "utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "surrogateescape")
    pieces, count, mixed = [], 0, False
    for start in range(0, len(text), _SLICE):
        points = np.frombuffer(text[start : start + _SLICE].encode("utf-32-le", "surrogatepass"), "<u4")
        escaped = (points >= _ESCAPED) & (points < _ESCAPED + _BYTES)
        repaired = np.where(escaped, _WINDOWS_1252[np.where(escaped, points - _ESCAPED, 0)], points)
        if (repaired == _LACKING).any():
            raise _undecodable(text, start + int(np.argmax(repaired == _LACKING)))
        pieces.append(repaired.astype("<u4").tobytes().decode("utf-32-le"))
        count += int(escaped.sum())
        mixed = mixed or bool(((points >= _HALF) & ~escaped).any())
    repaired_text = "".join(pieces)
    return Decoded(repaired_text, "utf-8", count) if mixed else Decoded(repaired_text, "windows-1252")


def _undecodable(text: str, place: int) -> ParseError:
    offset = len(text[:place].encode("utf-8", "surrogateescape"))
    detail = f"byte {ord(text[place]) - _ESCAPED:02X} at offset {offset} is neither UTF-8 nor windows-1252"
    return ParseError(f"undecodable: {detail}", _DECLARE)
