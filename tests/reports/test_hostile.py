"""No string that comes from outside does anything in a report but be read."""

import unicodedata
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import reports
from tests.reports.fake_run import Told, fake_run
from tests.reports.hostile import PAYLOADS, told_everywhere

ELEMENTS = {
    *("html", "head", "meta", "title", "link", "style", "body", "header", "nav", "main", "section", "footer"),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "a",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "div",
        "span",
        "cite",
        "strong",
        "br",
        "bdi",
        "code",
        "pre",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary"),
    *("svg", "desc", "rect", "text", "path", "line", "circle"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "tabindex", "scope", "dir"),
    *("role", "aria-label", "aria-labelledby", "aria-hidden", "viewbox", "width", "height", "text-anchor", "d"),
    *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx"),
}


def page_with(store, text: str) -> BeautifulSoup:
    report, _ = reports.write(fake_run(store, told_everywhere(text)), store)
    return BeautifulSoup(Path(report.path).read_text(encoding="utf-8"), "html.parser")


def assert_nothing_got_in(page: BeautifulSoup) -> None:
    """Only the elements and attributes of the templates; only plain links; one style sheet, and no refresh."""
    assert {tag.name for tag in page.find_all(True)} <= ELEMENTS
    assert {name.lower() for tag in page.find_all(True) for name in tag.attrs} <= ATTRIBUTES
    assert all(a["href"].startswith(("#", "https://example.org/")) for a in page.find_all("a"))
    assert [len(page.find_all(name)) for name in ("html", "head", "body", "main", "style", "link", "h1")] == [1] * 7
    assert page.find("title").parent.name == "head"
    refresh = [meta["http-equiv"] for meta in page.find_all("meta", attrs={"http-equiv": True})]
    assert set(refresh) <= {"Content-Security-Policy"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=[ascii(payload[:32]) for payload in PAYLOADS])
def test_a_hostile_string_in_every_place_is_only_shown(store, payload):
    page = page_with(store, payload)
    assert_nothing_got_in(page)
    unseen = {c for c in page.get_text() if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"}
    assert unseen <= {"\n", "\t"}


def test_every_place_is_shown(store):
    """Else the table above would prove nothing."""
    text = page_with(store, "mark<&>").get_text()
    assert text.count("mark<&>") >= 40
    assert "mark&lt;" not in text


def test_a_long_text_does_not_make_a_long_page(store):
    line = "x" * 10_000_000
    sample = {"iteration": 150, "temperature": 0.8, "text": line}
    told = Told(title=line, train=(line, "Speak."), samples=(sample,), drops=(("step", line, line),))
    report, _ = reports.write(fake_run(store, told), store)
    page = Path(report.path).read_text(encoding="utf-8")
    assert len(page) < 200_000
    assert "more characters" in page
