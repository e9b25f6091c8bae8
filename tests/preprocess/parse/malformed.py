"""Malformed bodies for any parser: a good sample, edited by a small program of random bytes.

One draw makes a body, so ten thousand take seconds; a program shrinks by losing its last edits.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

MARKS = (
    b"",
    b"\xff",
    b"\x00",
    b"\r",
    b"\n",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xff\xfe",
    b" " * 50,
    b"\x80" * 9,
    b"\x1a",
    b"9" * 40,
)
_EDIT = 4  # bytes an edit is written in: what, which, where, how far
_EDITS = 10


def bodies(good: Sequence[bytes], parts: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Samples cut, doubled, mixed and overwritten with pieces of the format and of no format."""
    tokens = [*parts, *MARKS]
    program = st.binary(max_size=_EDIT * _EDITS + 1)
    return program.map(lambda written: _edited(written, good, tokens))


def _edited(program: bytes, good: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """The sample that the first byte names, after each edit."""
    body = good[program[0] % len(good)] if program else b""
    for start in range(1, len(program) - _EDIT + 1, _EDIT):
        what, which, where, far = program[start : start + _EDIT]
        at = len(body) * where // 255
        end = at + len(body) * far // 1020  # a quarter of it at most
        body = _EDITS_BY_NUMBER[what % len(_EDITS_BY_NUMBER)](
            body, at, end, tokens[which % len(tokens)], good[which % len(good)]
        )
    return body


_EDITS_BY_NUMBER = (
    lambda body, at, _end, token, _other: body[:at] + token + body[at:],
    lambda body, at, end, token, _other: body[:at] + token + body[end:],
    lambda body, at, end, _token, _other: body[:at] + body[end:],
    lambda body, at, end, _token, _other: body[:end] + body[at:],
    lambda body, at, end, token, _other: body[:at] + token * ((end - at) % 19) + body[at:],
    lambda body, at, end, _token, other: body[:at] + other[at % (len(other) + 1) :] + body[end:],
    lambda body, at, _end, _token, _other: body[:at],
    lambda body, at, end, _token, _other: body[:at] + bytes([(end - at) % 256]) + body[at + 1 :],
    lambda body, at, end, _token, _other: body[:at] + body[at:end].swapcase() + body[end:],
)
