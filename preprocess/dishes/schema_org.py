"""Recipes that a web page declares with schema.org's words -> dishes.

JSON-LD comes as an object, a list or an @graph, a recipe's @type as a word, an address or a list, its ingredients as
strings or as values with units, its steps as one string, a list of them, or HowToStep and HowToSection within one
another. All of these are followed; nothing here goes by recursion. What JSON-LD leaves out is looked for in the page's
microdata or RDFa, and where a recipe is declared in part only, under the page's own headings.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bs4 import BeautifulSoup

from preprocess.dishes import Dish, dish, headings, lines, loose_json, marked, term

_MARKUP = re.compile(r"</?[a-zA-Z]|<!--|&[#\w]")
_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<!--[^>]*>")
_INLINE = {"a", "abbr", "b", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"}
_ITEMS = re.compile(r"<(?:li|p|br)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:Step|Étape|Schritt|Paso|Passo|Krok|Steg|Stap)? ?\d+[.:]?", re.IGNORECASE)  # says nothing
_HALF = re.compile("[\ud800-\udfff]")  # JSON can write half a surrogate pair, which is no text
_MOJIBAKE = "\xc2\xa0"  # a no-break space in UTF-8, read as Latin-1
_SOME = 3  # lines that are a list, not a line that was wrapped


def dishes(soup: BeautifulSoup) -> Iterator[Dish]:
    """The recipes of a page, each once, in order."""
    found = _once(_linked(soup))
    if not any(not one.missing for one in found):
        found = _once([*found, *marked.dishes(soup)])
    if found and all(one.missing for one in found):
        found = [headings.filled(found[0], soup), *found[1:]]
    yield from (one for one in found if one.title and (one.ingredients or one.steps))


def _once(found: Iterator[Dish] | list[Dish]) -> list[Dish]:
    """Each dish once: what one of the same name lacks, the next may have."""
    by_name: dict[str, Dish] = {}
    for one in found:
        name = "".join(filter(str.isalnum, one.title)).casefold()
        by_name[name] = _both(by_name[name], one) if name in by_name else one
    return list(by_name.values())


def _both(one: Dish, other: Dish) -> Dish:
    return replace(
        one,
        ingredients=one.ingredients or other.ingredients,
        steps=one.steps or other.steps,
        categories=one.categories or other.categories,
        servings=one.servings or other.servings,
    )


def _linked(soup: BeautifulSoup) -> Iterator[Dish]:
    for script in soup.find_all("script", type=re.compile(r"ld\+json", re.IGNORECASE)):
        for recipe in _recipes(loose_json.values(script.get_text())):
            about = {term(key): value for key, value in reversed(recipe.items())}
            yield dish(
                title=" ".join(_lines(about.get("name") or about.get("headline"))),
                ingredients=_each(about.get("recipeingredient") or about.get("ingredients")),
                steps=_steps(about.get("recipeinstructions") or about.get("instructions")),
                categories=_lines(about.get("recipecategory")),
                servings=next(iter(_lines(about.get("recipeyield") or about.get("yield"))), ""),
            )


def _recipes(value: Any) -> Iterator[dict[str, Any]]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            kinds = item.get("@type") or item.get("type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if any(isinstance(kind, str) and term(kind) == "recipe" for kind in kinds):
                yield item
            else:
                stack.extend(reversed(item.values()))


def _each(value: Any) -> list[str]:
    """A line for each item of a list; of a string, alone in a list or not, its lines."""
    return _listed(value, [text for item in _leaves(value) if (text := _quantity(item))])


def _listed(value: Any, found: list[str]) -> list[str]:
    """A line for each string found in a value, but for each line of the only one that is a list itself."""
    if len(found) == 1:
        several = _split(found[0])
        if isinstance(value, str) or len(several) >= _SOME or _ITEMS.search(found[0]):
            return several
    return [" ".join(_split(text)) for text in found]


def _lines(value: Any) -> list[str]:
    """The lines of strings, wherever they are."""
    return [line for item in _leaves(value) for line in _split(_quantity(item))]


def _leaves(value: Any) -> Iterator[Any]:
    """Strings and objects of a value that may be a list of lists, or an object that numbers its parts."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict) and item and all(key.isdecimal() for key in item):
            item = list(item.values())
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict) and (inner := item.get("itemListElement") or item.get("item")):
            stack.append(inner)
        elif isinstance(item, str | dict):
            yield item


def _quantity(item: str | dict[str, Any]) -> str:
    """A string, or what an object says in words: its text, or how much of what."""
    if isinstance(item, str):
        return item
    if said := _text(item.get("@value") or item.get("text")):
        return said
    amount = item.get("value") or item.get("amount")
    measured = amount if isinstance(amount, dict) else item | {"value": amount}
    unit = measured.get("unitText") or measured.get("unitCode")
    parts = (measured.get("value"), unit, item.get("name") or item.get("description"))
    return " ".join(said for part in parts if (said := _text(part)))


def _text(value: Any) -> str:
    """A string, the strings of a list, or nothing."""
    strings = value if isinstance(value, list) else [value]
    return "\n".join(item for item in strings if isinstance(item, str)).strip()


def _steps(value: Any) -> list[str]:
    """A string's lines are a step each; of a list, each string is one."""
    return _listed(value, list(_parts(value)))


def _parts(value: Any) -> Iterator[str]:
    """Names, where they say more than the text, and texts of steps and sections."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict) and item and all(key.isdecimal() for key in item):
            item = list(item.values())
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, str) and item.strip():
            yield item
        elif isinstance(item, dict):
            about = {term(key): part for key, part in reversed(item.items())}
            text = _text(about.get("text") or about.get("@value") or about.get("description"))
            name, said = (" ".join(_split(part)) for part in (_text(about.get("name")), text))
            if name and not _NUMBERED.fullmatch(name) and not said.startswith(name.rstrip(".… ")):
                yield name
            if said:
                yield text
            stack += [about.get("steps"), about.get("item"), about.get("itemlistelement")]


def _split(text: str) -> list[str]:
    """The lines of a string that may be HTML, once or twice escaped, each without needless space."""
    text = _HALF.sub("", text).replace(_MOJIBAKE, " ")
    for _ in range(2):
        if _MARKUP.search(text):
            text = html.unescape(_TAG.sub(_space, text))
    return lines(text)


def _space(tag: re.Match[str]) -> str:
    """What stands for a tag: nothing, or the end of a line."""
    name = (tag[1] or "").removeprefix("/").lower()
    return "" if not name or name in _INLINE else "\n"
