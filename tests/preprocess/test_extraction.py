"""What the parsers of web pages find, held against pages with known answers. Skipped where those are absent.

The floors are what was reached when they were written; lower one only with a reason.
"""

import hashlib
import json
from difflib import SequenceMatcher
from statistics import median

import pytest
import trafilatura

from corpusmill import spec
from preprocess import dishes
from preprocess.dishes import schema_org
from preprocess.parse import html
from preprocess.text import markup
from tests import needs
from tests.preprocess.snapshots import raw_file

ESSAY = 6_000  # characters of the longest essay that is compared, since comparing takes the square of them
PAGE = 3 * ESSAY  # bytes of a page that may hold one of these
ARTICLES, ARTICLES_F1 = (
    "a350924566a1a39f",
    0.945,
)  # of the pages, and what was reached on them; trafilatura alone reaches 0.924


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


def digest(folder) -> str:
    """Of every file below a folder, and its name."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(
            f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
        )
    return found.hexdigest()[:16]


def phrase_f1(pages, text_of) -> float:
    """Of the phrases that are known to belong to each page, or not to: how many are in its text."""
    right = wrong = missed = 0
    for body, known in pages:
        text = text_of(body)
        found = sum(phrase in text for phrase in known["with"])
        right, missed = right + found, missed + len(known["with"]) - found
        wrong += sum(phrase in text for phrase in known["without"])
    return 2 * right / (2 * right + wrong + missed)


def test_articles_are_found_better_than_by_trafilatura_alone():
    folder = needs.shared("gold") / "articles"
    known = json.loads((folder / "expected.json").read_bytes()).values()
    pages = [((folder / "html" / page["file"]).read_bytes(), page) for page in known]
    ours = phrase_f1(pages, article)
    assert ours >= phrase_f1(pages, lambda body: trafilatura.extract(body) or "") + 0.01
    if digest(folder) == ARTICLES:
        assert ours >= ARTICLES_F1


def article(body: bytes) -> str:
    (found,) = html.parse(raw_file("https://mill.example/page"), body, html.Options(kind="html"))
    return getattr(found, "text", "")


def recipes() -> list[str]:
    folder = needs.SHARED / "gold" / "recipes"
    return sorted(path.stem for path in folder.glob("*.json")) or ["absent"]


@pytest.mark.parametrize("name", recipes())
def test_a_declared_recipe_is_found_to_the_letter(name):
    folder = needs.shared("gold") / "recipes"
    known = json.loads((folder / f"{name}.json").read_bytes())
    page = markup.page((folder / f"{name}.html").read_bytes())
    (dish,) = schema_org.dishes(markup.tree(page.text))
    words = [[" ".join(line.split()) for line in known[key]] for key in ("ingredients", "instructions_list")]
    assert dish == dishes.Dish(
        title=" ".join(known["title"].split()),
        ingredients=tuple(words[0]),
        steps=tuple(words[1]),
        categories=dish.categories,
        servings=dish.servings,
    )
