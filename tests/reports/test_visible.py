"""What comes from outside is shown, and does nothing."""

import unicodedata

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from reports.visible import BLOCK, LINES, block, link, middle_cut, plain, visible


def parsed(markup):
    return BeautifulSoup(f"<p>{markup}</p>", "html.parser").p


UNSEEN = [
    ("\x00", r"\x00"),
    ("\x1b[31m", r"\x1b[31m"),
    ("\r", r"\x0d"),
    ("\x85", r"\x85"),
    ("\u00ad", r"\xad"),  # soft hyphen
    ("\u034f", r"\u034f"),  # combining grapheme joiner
    ("\u061c", r"\u061c"),  # Arabic letter mark
    ("\u200b", r"\u200b"),  # zero-width space
    ("\u2028", r"\u2028"),  # line separator
    ("\u202e", r"\u202e"),  # right-to-left override
    ("\u2066", r"\u2066"),  # left-to-right isolate
    ("\u3164", r"\u3164"),  # Hangul filler
    ("\ufeff", r"\ufeff"),  # byte order mark
    ("\ue000", r"\ue000"),  # private use
    ("\uffff", r"\uffff"),  # noncharacter
    ("\ud800", r"\ud800"),  # lone surrogate
    ("\U000e0041", r"\U000e0041"),  # tag character
    ("\U000e0101", r"\U000e0101"),  # variation selector 18
]


@pytest.mark.parametrize(("text", "spelt"), UNSEEN, ids=[spelt for _, spelt in UNSEEN])
def test_what_cannot_be_seen_is_spelt_out_in_a_span(text, spelt):
    shown = parsed(visible(f"a{text}b"))
    assert shown.get_text() == f"a{spelt}b"
    assert spelt.startswith(shown.find("span", class_="esc").get_text())
    assert plain(f"a{text}b") == f"a{spelt}b"


def test_line_ends_tabs_and_every_script_stay_as_they_are():
    text = "Zürich\tΑθήνα\nМосква 東京 नमस्ते ❤️"
    assert str(visible(text)) == text


def test_a_tower_of_combining_marks_is_taken_down():
    assert "\\u0301" in visible("e" + "\u0301" * 40)
    assert "\\u" not in visible("e\u0301\u0323")


def test_text_from_right_to_left_is_kept_apart_from_what_is_around_it():
    assert str(visible("שלום")) == "<bdi>שלום</bdi>"


@pytest.mark.parametrize(
    ("length", "note"), [(240, ""), (241, "… 1 more characters"), (10_000_000, "… 9,999,760 more characters")]
)
def test_a_long_line_is_cut_and_says_by_how_much(length, note):
    shown = parsed(visible("x" * length))
    assert len(shown.get_text()) < 300
    assert (shown.find("span", class_="cut").get_text() if note else "") == note


def test_a_block_is_cut_at_its_lines_and_at_its_characters():
    assert block("a\n" * 1000).count("\n") == LINES - 1
    assert "… 1,953 more characters" in block("a\n" * 1000)
    assert f"… {10_000 - BLOCK:,} more characters" in block("a" * 10_000)


@given(st.text(st.characters()))
def test_no_text_becomes_an_element_or_hides_anything(text):
    shown = parsed(visible(text, 1000))
    assert {tag.name for tag in shown.find_all(True)} <= {"span", "bdi"}
    assert not any(unicodedata.category(c)[0] == "C" and c not in "\n\t" for c in shown.get_text())


@given(st.text(st.characters()), st.integers(4, 60))
def test_plain_text_is_no_longer_than_asked(text, limit):
    assert len(plain(text, limit)) <= limit
    assert len(middle_cut(text, limit)) <= limit


def test_a_path_is_cut_in_its_middle():
    assert middle_cut("https://example.org/a/very/long/path/file.txt", 20) == "https://e…h/file.txt"


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://example.org", True),
        ("http://example.org:8080/a%20b?c=d&e=f#g", True),
        ("HTTPS://EXAMPLE.ORG/", True),
        ("https://example.org/weiß", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt://example.org/%0aalert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("file:///etc/passwd", False),
        ("stdlib:json/decoder.py", False),
        ("//example.org/a", False),
        (" https://example.org", False),
        ("https://user:word@example.org/", False),
        ("https://example.org\\@evil.example/", False),
        ("https://example.org/\u202egpj.exe", False),
        ("https://example.org/a b", False),
        ('https://example.org/"onmouseover="alert(1)', False),
        ("https://example.org/<script>", False),
        ("https://", False),
        ("https://example.org/" + "a" * 3000, False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_only_plain_http_addresses_become_links(address, linked):
    anchor = parsed(link(address)).find("a")
    assert bool(anchor) == linked
    if anchor:
        assert anchor["href"] == address
        assert anchor["rel"] == ["nofollow", "noopener", "noreferrer"]
