"""Recipes that a web page declares with schema.org's words (JSON-LD, else microdata) -> dishes.

JSON-LD comes as an object, a list or an @graph, a recipe's @type as a word or a list, its steps as one string, a list
of them, or HowToStep and HowToSection within one another. All of these are followed; nothing here goes by recursion.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag

from preprocess import markup
from preprocess.dishes import Dish

_BEFORE, _AFTER = ("//", "/*", "<!--", "<![CDATA[", "<! [CDATA[", "*/"), ("*/", "]]>", "-->", "//", "/*", ";")
_MARKUP = re.compile(r"</?[a-zA-Z]|&[#\w]")
_NUMBERED = re.compile(r"(?:Step|Étape|Schritt|Paso)? ?\d+[.:]?", re.IGNORECASE)  # a name that says nothing
_HALF = re.compile("[\ud800-\udfff]")  # JSON can write half a surrogate pair, which is no text


def dishes(soup: BeautifulSoup) -> Iterator[Dish]:
    """The recipes of a page, each once, in order."""
    found = list(_linked(soup)) or list(_microdata(soup))
    yield from dict.fromkeys(dish for dish in found if dish.title and (dish.ingredients or dish.steps))


def _linked(soup: BeautifulSoup) -> Iterator[Dish]:
    for script in soup.find_all("script", type=re.compile(r"ld\+json", re.IGNORECASE)):
        for recipe in _recipes(_json(script.get_text())):
            yield Dish(
                title=" ".join(_lines(recipe.get("name"))),
                ingredients=tuple(_lines(recipe.get("recipeIngredient") or recipe.get("ingredients"))),
                steps=tuple(_steps(recipe.get("recipeInstructions"))),
                categories=tuple(_lines(recipe.get("recipeCategory"))),
                servings=next(iter(_lines(recipe.get("recipeYield"))), ""),
            )


def _json(text: str) -> Any:
    """The value of a script; None where it is no JSON, as many a template leaves it."""
    try:
        return json.loads(_HALF.sub("", _unwrapped(text)), strict=False)
    except (ValueError, RecursionError):
        return None


def _unwrapped(text: str) -> str:
    """JSON without what hid it from browsers that know no scripts."""
    for mark in _BEFORE:
        text = text.strip().removeprefix(mark)
    for mark in _AFTER:
        text = text.strip().removesuffix(mark)
    return text


def _recipes(value: Any) -> Iterator[dict[str, Any]]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            kinds = item.get("@type")
            if "Recipe" in (kinds if isinstance(kinds, list) else [kinds]):
                yield item
            else:
                stack.extend(reversed(item.values()))


def _lines(value: Any) -> list[str]:
    """Strings, wherever they are, as lines of words."""
    found: list[str] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.append(item.get("@value") or item.get("text") or item.get("name"))
        elif isinstance(item, str | int | float) and not isinstance(item, bool):
            found += _split(str(item))
    return found


def _steps(value: Any) -> list[str]:
    """A string's lines are a step each; of a list, each string is one."""
    if isinstance(value, str):
        return _split(value)
    found: list[str] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            name, text = (" ".join(_split(str(item.get(key) or ""))) for key in ("name", "text"))
            if name and not _NUMBERED.fullmatch(name) and not text.startswith(name.rstrip(".… ")):
                found.append(name)
            found += [text] if text else []
            stack.append(item.get("itemListElement") or item.get("steps"))
        elif isinstance(item, str) and item.strip():
            found.append(" ".join(_split(item)))
    return found


def _split(text: str) -> list[str]:
    """The lines of a string that may be HTML, once or twice escaped, each without needless space."""
    text = _HALF.sub("", text)
    if _MARKUP.search(text):
        text = html.unescape(text)
        text = markup.text_of([markup.tree(text)]) if _MARKUP.search(text) else text
    return [words for line in text.splitlines() if (words := " ".join(line.split()))]


def _microdata(soup: BeautifulSoup) -> Iterator[Dish]:
    for scope in soup.find_all(itemtype=re.compile(r"schema\.org/Recipe\b", re.IGNORECASE)):
        yield Dish(
            title=" ".join(_property(scope, "name")[:1]),
            ingredients=tuple(_property(scope, "recipeIngredient") or _property(scope, "ingredients")),
            steps=tuple(_property(scope, "recipeInstructions")),
            categories=tuple(_property(scope, "recipeCategory")),
            servings=next(iter(_property(scope, "recipeYield")), ""),
        )


def _property(scope: Tag, name: str) -> list[str]:
    """The lines of a property of this item, not of one within it."""
    found: list[str] = []
    for element in scope.find_all(itemprop=name):
        if element.find_parent(itemscope=True) is scope:
            said = element.get("content")
            found += _split(str(said)) if said else _split_text(element)
    return found


def _split_text(element: Tag) -> list[str]:
    return [words for line in markup.text_of([element]).split("\n") if (words := " ".join(line.split()))]
