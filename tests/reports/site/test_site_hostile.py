"""No string that comes from outside does anything on a page of a site but be read."""

import os
import re

from bs4 import BeautifulSoup

import reports
from corpusmill.store import Store
from reports import site
from tests.reports.fake_run import fake_run
from tests.reports.hostile import PAYLOADS, told_everywhere
from tests.reports.site.grown import later_version, pages
from tests.reports.test_hostile import ATTRIBUTES, ELEMENTS

STEP = 1 if os.environ.get("CORPUSMILL_FAULTS") == "all" else 8  # read before the environment is cleaned
MORE_ELEMENTS = ELEMENTS | {"script", "ol", "label", "input", "output", "button"}
MORE_ATTRIBUTES = ATTRIBUTES | {
    "for",
    "type",
    "hidden",
    "autocomplete",
    "spellcheck",
    "aria-live",
    "data-zoom",
    "data-filter",
}
LINK = re.compile(r"(#[a-z-]+|https://example\.org/.*|((\.\./)*|\./)([\w.-]+/)*[\w.-]+\.html)", re.DOTALL)


def hostile(store: Store, text: str) -> None:
    """A store with the text in every place where a string enters."""
    reports.write(fake_run(store, told_everywhere(text)), store)
    later_version(store, store.versions("plays")[0], 2)


def assert_nothing_got_in(page: BeautifulSoup) -> None:
    """Only the elements and attributes of the templates, one style, one script, plain links."""
    assert {tag.name for tag in page.find_all(True)} <= MORE_ELEMENTS
    assert {name.lower() for tag in page.find_all(True) for name in tag.attrs} <= MORE_ATTRIBUTES
    assert [a["href"] for a in page.find_all("a") if not LINK.fullmatch(a["href"])] == []
    ones = ("html", "head", "body", "main", "style", "script", "link", "h1")
    assert {name: len(page.find_all(name)) for name in ones} == dict.fromkeys(ones, 1)
    assert page.find("title").parent.name == "head"
    assert not page.find("script").attrs
    assert {m["http-equiv"] for m in page.find_all("meta", attrs={"http-equiv": True})} == {"Content-Security-Policy"}


def test_hostile_strings_in_every_place_are_only_shown(store, tmp_path):
    """All of them in one string, and one by one: some by chance of their place, with CORPUSMILL_FAULTS=all each."""
    together = "".join(payload for payload in PAYLOADS if len(payload) < 1000)
    for number, payload in enumerate([together, *PAYLOADS[::STEP]]):
        mine = Store(store.root / str(number))
        hostile(mine, payload)
        site.write(mine, tmp_path / str(number))
        for page in pages(tmp_path / str(number)).values():
            assert_nothing_got_in(page)


def test_a_long_text_does_not_make_a_long_page(store, tmp_path):
    hostile(store, "x" * 1_000_000)
    site.write(store, tmp_path / "site")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "site").rglob("*.html")}
    assert max(sizes.values()) < 300_000
