"""What the parsers of web pages find, held against pages with known answers. Skipped where those are absent.

The floors are what was reached when they were written; lower one only with a reason.
"""

import json
from difflib import SequenceMatcher
from statistics import median

import pytest

from corpusmill import spec
from preprocess import dishes, markup
from preprocess.dishes import schema_org
from preprocess.parse import html
from tests import needs
from tests.preprocess.snapshots import raw_file

ESSAY = 6_000  # characters of the longest essay that is compared, since comparing takes the square of them
PAGE = 3 * ESSAY  # bytes of a page that may hold one of these
UNDECLARED = {"gesund-aktiv", "kwestiasmaku"}  # pages that do not declare all of their recipe


def squeezed(text: str) -> str:
    return "".join(text.split())


def key(title: str) -> str:
    return "".join(filter(str.isalnum, title)).casefold()


def test_essays_are_found_nearly_to_the_letter():
    options = html.Options(**spec.load("paulgraham").parse)
    pages = {}
    for path in (needs.shared("web") / "www.paulgraham.com").glob("*.html"):
        if path.stat().st_size < PAGE:
            for found in html.parse(raw_file(path.name), path.read_bytes(), options):
                pages[key(getattr(found, "title", ""))] = getattr(found, "text", "")
    alike = []
    for path in sorted((needs.shared("gold") / "paulgraham").glob("*.txt")):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        page = pages.get(key(title), "")
        if page and len(text) < ESSAY:
            alike.append(SequenceMatcher(None, squeezed(text), squeezed(page), autojunk=False).ratio())
    assert len(alike) > 9
    assert median(alike) >= 0.98


def recipes() -> list[str]:
    folder = needs.SHARED / "gold" / "recipes"
    return sorted(path.stem for path in folder.glob("*.json")) or ["absent"]


@pytest.mark.parametrize("name", recipes())
def test_a_declared_recipe_is_found_to_the_letter(name):
    folder = needs.shared("gold") / "recipes"
    known = json.loads((folder / f"{name}.json").read_bytes())
    page = markup.page((folder / f"{name}.html").read_bytes())
    found = list(schema_org.dishes(markup.tree(page.text)))
    if any(word in name for word in UNDECLARED):
        assert len(found) <= 1
        return
    (dish,) = found
    words = [[" ".join(line.split()) for line in known[key]] for key in ("ingredients", "instructions_list")]
    assert dish == dishes.Dish(
        title=" ".join(known["title"].split()),
        ingredients=tuple(words[0]),
        steps=tuple(words[1]),
        categories=dish.categories,
        servings=dish.servings,
    )
