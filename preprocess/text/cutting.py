"""Where the beginning of a long text may be cut, so that each piece holds whole lines, or whole paragraphs.

It looks at bytes, so it serves only encodings in which a line break is one byte of its own. What cannot be cut gives
(0, 0).
"""

import codecs

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_ASCII = bytes(range(0x80))
_BREAKS = (b"\n\n", b"\n\r\n", b"\r\r")


def lines(body: bytes, encoding: str = "") -> tuple[int, int]:
    """Where the last whole line of a body that goes on ends, and how many lines those are."""
    if not _cuttable(body, encoding):
        return 0, 0
    end = body.rfind(b"\n") + 1 or body.rfind(b"\r", 0, len(body) - 1) + 1  # the last byte may be half of CRLF
    return end, _count(body, end)


def paragraphs(body: bytes, encoding: str = "") -> tuple[int, int]:
    """Where the last blank line of a body that goes on ends, and how many lines there are up to it."""
    if not _cuttable(body, encoding):
        return 0, 0
    end = max(place + len(blank) if (place := body.rfind(blank, 0, len(body) - 1)) >= 0 else 0 for blank in _BREAKS)
    return end, _count(body, end)


def _cuttable(body: bytes, encoding: str) -> bool:
    try:
        return not body.startswith(_MARKS) and _ASCII.decode(encoding or "ascii").encode("ascii", "replace") == _ASCII
    except (LookupError, ValueError):
        return False


def _count(body: bytes, end: int) -> int:
    return body.count(b"\n", 0, end) + body.count(b"\r", 0, end) - body.count(b"\r\n", 0, end)
