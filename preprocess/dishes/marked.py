"""Recipes that a page marks in its own words: microdata (``itemprop``), or RDFa (``property``) -> dishes.

An item's properties are those of no item within it; `itemref` names some that stand elsewhere. One pass over the page,
and one over each property, of which the outermost counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, Tag

from preprocess.dishes import Dish, dish, lines, term, words
from preprocess.text import markup

_NAMES = {  # of schema.org, now and before 2013, and of data-vocabulary.org, which came before it
    "title": ("name", "fn"),
    "ingredients": ("recipeingredient", "ingredients", "ingredient"),
    "steps": ("recipeinstructions", "instructions", "instruction"),
    "categories": ("recipecategory", "recipetype"),
    "servings": ("recipeyield", "yield"),
}
_PROPERTIES = {name: part for part, names in _NAMES.items() for name in names}
_DIALECTS = (("itemscope", "itemtype", "itemprop"), ("typeof", "typeof", "property"))
_UNSEEN = {"script", "style", "noscript", "template"}
_OPEN, _SHUT = ("(", " "), tuple(' ,:;.!?")')  # no space is put after the ones and before the others


@dataclass(slots=True)
class _Item:
    """One item: its properties by name, outermost elements first; those of no recipe are not kept."""

    recipe: bool
    elements: dict[str, list[Tag]] = field(default_factory=dict)


def dishes(soup: BeautifulSoup) -> Iterator[Dish]:
    """The recipes of a page in order."""
    for scope, kind, prop in _DIALECTS:
        for item in _items(soup, scope, kind, prop):
            found = item.elements
            yield dish(
                title=next((said for element in found.get("title", ()) if (said := _line(element))), ""),
                ingredients=_each(found.get("ingredients", []), spaced=True),
                steps=_each(found.get("steps", []), spaced=False),
                categories=[_line(element) for element in found.get("categories", ())],
                servings=next((said for element in found.get("servings", ()) if (said := _line(element))), ""),
            )


def _items(soup: BeautifulSoup, scope: str, kind: str, prop: str) -> list[_Item]:
    """Every recipe that is not part of another, with its properties."""
    nobody = _Item(recipe=False)
    holders: dict[int, tuple[_Item, frozenset[str]]] = {}  # of an element: the item of its parts, what it is inside of
    referred: dict[str, _Item] = {}
    recipes: list[_Item] = []
    for element in soup.find_all():
        item, inside = holders.get(id(element.parent), (nobody, frozenset()))
        if refers := referred.pop(str(element.get("id") or ""), None):
            item, inside = refers, frozenset()
        if item.recipe and element.has_attr(prop):
            names = {_PROPERTIES[name] for name in _terms(element, prop) if name in _PROPERTIES} - inside
            for name in sorted(names):
                item.elements.setdefault(name, []).append(element)
            inside |= names
        if element.has_attr(scope):
            recipe = item is nobody and "recipe" in _terms(element, kind)
            item, inside = _Item(recipe=recipe) if recipe or item is not nobody else nobody, frozenset()
            referred |= dict.fromkeys(_words_of(element, "itemref"), item) if recipe else {}
            recipes += [item] if recipe else []
        holders[id(element)] = item, inside
    return recipes


def _words_of(element: Tag, attribute: str) -> list[str]:
    said = element.get(attribute) or ""
    return said.split() if isinstance(said, str) else list(said)


def _terms(element: Tag, attribute: str) -> list[str]:
    return [term(name) for name in _words_of(element, attribute)]


def _each(elements: list[Tag], *, spaced: bool) -> list[str]:
    """A line for each of several elements; of one alone, its lines."""
    if len(elements) == 1:
        said = elements[0].get("content")
        return lines(str(said) if said else markup.text_of(elements))
    return [_line(element) if spaced else _said(element) for element in elements]


def _said(element: Tag) -> str:
    return words(str(element.get("content") or markup.text_of([element])))


def _line(element: Tag) -> str:
    """The words of an element, a space between parts of it that stand apart on a page though not in its source."""
    if said := element.get("content"):
        return words(str(said))
    pieces: list[str] = []
    for text in element.find_all(string=True):
        if type(text) in (NavigableString, CData) and text and text.parent and text.parent.name not in _UNSEEN:
            apart = pieces and not pieces[-1].endswith(_OPEN) and not text.startswith(_SHUT)
            pieces += [" ", text] if apart else [text]
    return words("".join(pieces))
