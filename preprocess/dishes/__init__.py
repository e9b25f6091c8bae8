"""Cooking recipes, called dishes here since a recipe is how a corpus is built: one form for what many formats write.

    Mill Bread                      the title; below it, if known, what it belongs to and how much it makes
    Categories: Breads, Basics
    Yield: 2 loaves
                                    between the parts stands an empty line
    500 g Flour, fresh              the ingredients, a line each; a heading among them ends in a colon
    CRUST:
    2 tb Butter; melted             where nothing goes in, "-" holds the place

    Mix it and let it rise.         the steps, a paragraph each

`to_text` writes this form and `from_text` reads it: the one undoes the other on every dish made by `dish`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NONE = "-"  # stands for the ingredients where there are none: no line of a dish is bare of letters and figures
_CATEGORIES, _YIELD = "Categories: ", "Yield: "
_EMPTY = re.compile(r"\n(?:[^\S\n]*\n)+")
_INVISIBLE = ("\u200b", "\ufeff")  # zero-width space, byte-order mark
_SAYS = re.compile(r"[^\W_]")  # a letter or a figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Dish:
    """One recipe: what it is called, what goes in, what to do."""

    title: str
    ingredients: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()  # a paragraph may have several lines, none of them empty
    categories: tuple[str, ...] = ()
    servings: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Which of its three parts it lacks, in words."""
        parts = {"title": self.title, "ingredients": self.ingredients, "steps": self.steps}
        return tuple(name for name, part in parts.items() if not part)


def dish(
    *,
    title: str = "",
    ingredients: Iterable[str] = (),
    steps: Iterable[str] = (),
    categories: Iterable[str] = (),
    servings: str = "",
) -> Dish:
    """A dish of what a format gave, its spaces in order and without lines that say nothing."""
    return Dish(
        title=words(title),
        ingredients=tuple(line for given in ingredients if _SAYS.search(line := words(given))),
        steps=tuple(step for given in steps if (step := "\n".join(lines(given)))),
        categories=tuple(name for given in categories for part in given.split(",") if (name := words(part))),
        servings=words(servings),
    )


def words(text: str) -> str:
    """A text on one line, a space between its words."""
    for mark in () if text.isascii() else _INVISIBLE:
        text = text.replace(mark, "")
    return " ".join(text.split())


def lines(text: str) -> list[str]:
    """The lines of a text that have words, each by itself."""
    return [line for part in text.splitlines() if (line := words(part))]


def term(name: str) -> str:
    """A word of a vocabulary, in small letters, from ``https://schema.org/Recipe`` or ``schema:Recipe``."""
    return name[max(map(name.rfind, "/:#")) + 1 :].lower()


def to_text(made: Dish) -> str:
    """The written form."""
    head = [made.title]
    head += [_CATEGORIES + ", ".join(made.categories)] if made.categories else []
    head += [_YIELD + made.servings] if made.servings else []
    body = "\n".join(made.ingredients) or (_NONE if made.steps else "")
    return "\n\n".join(part for part in ("\n".join(head), body, *made.steps) if part)


def from_text(text: str) -> Dish:
    """The dish that a written form says, also one a model made up: whatever is not there is empty, see `Dish.missing`.

    Of several recipes in a text the first is read if they are parted as in training; part them there.
    """
    head, *rest = [part for part in _EMPTY.split(text.strip("\n")) if part.strip()] or [""]
    title, *fields = lines(head) or [""]
    said = {mark: field[len(mark) :] for mark in (_CATEGORIES, _YIELD) for field in fields if field.startswith(mark)}
    ingredients = lines(rest[0]) if rest else []
    return dish(
        title=title,
        ingredients=ingredients,
        steps=rest[1:],
        categories=[said.get(_CATEGORIES, "")],
        servings=said.get(_YIELD, ""),
    )
