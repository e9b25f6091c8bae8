"""Malformed input for any parser: a good file, cut, doubled, overwritten; and a check that only ParseError escapes."""

from hypothesis import strategies as st

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop
from tests.preprocess.snapshots import raw_file


def spoiled(good: bytes, *parts: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near to a good file: pieces of it, and of what its format is made of, in any order."""
    place = st.integers(0, len(good))
    piece = st.tuples(place, place).map(lambda cut: good[min(cut) : max(cut)])
    marks = st.sampled_from([*parts, b"\xff", b"\x00", b"\r", b"\xef\xbb\xbf", b"\xed\xa0\x80", b" " * 50])
    return st.lists(piece | marks | st.binary(max_size=9), max_size=8).map(b"".join) | st.just(good)


def survives(parser, body: bytes, options) -> None:
    """Read it: documents and drops with different ids, or a ParseError that says what is wrong."""
    try:
        results = list(parser.parse(raw_file("https://mill.example/file"), body, options))
    except ParseError as error:
        assert error.message
        return
    assert all(isinstance(result, Document | Drop) for result in results)
    assert all(result.text.strip() and result.text.encode() for result in results if isinstance(result, Document))
    assert len({result.id for result in results}) == len(results)
