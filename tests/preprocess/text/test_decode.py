import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.text.decode import decode, known_encoding, unix

WORDS = "Grüße, 5 € – “mill”"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)


@pytest.mark.parametrize(
    ("body", "declared", "text", "meta"),
    [
        (b"plain", "", "plain", {"encoding": "utf-8"}),
        (WORDS.encode(), "", WORDS, {"encoding": "utf-8"}),
        (codecs.BOM_UTF8 + WORDS.encode(), "", WORDS, {"encoding": "utf-8"}),
        (codecs.BOM_UTF8 + WORDS.encode(), "latin-1", WORDS, {"encoding": "utf-8"}),
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), "", WORDS, {"encoding": "utf-16-le"}),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "", WORDS, {"encoding": "utf-16-be"}),
        (codecs.BOM_UTF32_LE + WORDS.encode("utf-32-le"), "", WORDS, {"encoding": "utf-32-le"}),
        (WORDS.encode("windows-1252"), "", WORDS, {"encoding": "windows-1252"}),
        ("Grüße".encode() + b" \x80", "", "Grüße €", {"encoding": "utf-8", "repaired_bytes": 1}),
        ("25°".encode("cp437"), "cp437", "25°", {"encoding": "cp437"}),
        (b"\x7f a control", "", "\x7f a control", {"encoding": "utf-8"}),
        (b"two\r\nlines\r", "", "two\r\nlines\r", {"encoding": "utf-8"}),
        (b"a DOS file\x1a", "", "a DOS file\x1a", {"encoding": "utf-8"}),
        (
            b"a few \x14 control " + b"characters" * 20,
            "",
            "a few \x14 control " + "characters" * 20,
            {"encoding": "utf-8"},
        ),
    ],
)
def test_bytes_are_read_by_mark_then_declaration_then_as_utf8_then_windows_1252(body, declared, text, meta):
    decoded = decode(body, declared)
    assert (decoded.text, decoded.meta) == (text, meta)


@pytest.mark.parametrize(
    ("body", "declared", "message"),
    [
        (b"", "", "empty: "),
        (b" \r\n\t", "", "empty: "),
        (codecs.BOM_UTF8, "", "empty: "),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "", "binary: a NUL byte at offset 8"),
        ("no mark".encode("utf-16-le"), "", "binary: a NUL byte at offset 1"),
        (bytes(range(1, 32)) * 4, "", "binary: 96 control characters in 124 bytes"),
        (codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"), "", "binary: a NUL in what should be utf-16-le"),
        (b"a\0b", "utf-8", "binary: a NUL in what should be utf-8"),
        (b"abc \x81", "", "undecodable: byte 81 at offset 4 is neither"),
        ("Grüße".encode() + b"\x9d", "", "undecodable: byte 9D at offset 7 is neither"),
        (b"abc \xff", "utf-8", "undecodable: not utf-8 at offset 4"),
        (codecs.BOM_UTF8 + b"abc \xff", "", "undecodable: not utf-8 at offset 7"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8", "", "undecodable: not utf-16-le at offset 2"),
        (b"abc", "rot13", "undecodable: 'rot13' is no text encoding"),
        (b"abc", "undefined", "undecodable: 'undefined' is no text encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(body, declared, message):
    with pytest.raises(ParseError) as caught:
        decode(body, declared)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


@given(TEXT)
def test_any_text_in_utf8_comes_back_unchanged(text):
    assert decode(text.encode()).text == text.removeprefix("\ufeff")


@given(st.binary())
def test_any_bytes_give_text_that_can_be_stored_or_a_parse_error(body):
    try:
        text = decode(body).text
    except ParseError:
        return
    assert text.encode().decode() == text
    assert "\0" not in text


@pytest.mark.parametrize(
    ("text", "lines"), [("a\r\nb\rc\nd", "a\nb\nc\nd"), ("\r\r\n", "\n\n"), ("a\u2028b", "a\u2028b")]
)
def test_line_ends_become_lf(text, lines):
    assert unix(text) == lines


@pytest.mark.parametrize(
    ("name", "known"),
    [("utf-8", True), ("CP437", True), ("utf-16", True), ("utf8x", False), ("hex", False), ("a\0", False)],
)
def test_only_codecs_for_text_are_encodings(name, known):
    assert known_encoding(name) == known
