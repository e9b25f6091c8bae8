"""Malformed bodies for any parser: a good sample, edited by a small program of random bytes.

One draw makes many bodies, since a draw takes longer than most parsers do; a program shrinks by losing its last edits.
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
DRAWN = 50  # bodies
_EDIT = 4  # bytes an edit is written in: what, which, where, how far
_EDITS = 10
_PROGRAM = 2 + _EDIT * _EDITS  # bytes: which sample, how many edits, and these


def bodies(good: Sequence[bytes], parts: Sequence[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Samples cut, doubled, mixed and overwritten with pieces of the format and of no format."""
    tokens = [*parts, *MARKS]
    starts = range(0, DRAWN * _PROGRAM, _PROGRAM)
    programs = st.binary(min_size=DRAWN * _PROGRAM, max_size=DRAWN * _PROGRAM)
    return programs.map(lambda drawn: [_edited(drawn[start : start + _PROGRAM], good, tokens) for start in starts])


def _edited(program: bytes, good: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """The sample that the first byte names, after as many edits as the second says."""
    body = good[program[0] % len(good)]
    for number in range(program[1] % (_EDITS + 1)):
        what, which, where, far = program[2 + number * _EDIT :][:_EDIT]
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
