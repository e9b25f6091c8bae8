"""What stands under a page's headings "Ingredients" and "Method", in the languages of most recipes, fills in a dish.

It is asked only of a page that declares its recipe in part. A list's items count, or else paragraphs, from the heading
to the next.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bs4 import BeautifulSoup
from bs4.element import Tag

from preprocess.dishes import Dish, dish, words
from preprocess.text import markup

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_INGREDIENTS = re.compile(
    "ingredients?|zutaten|ingrédients|ingredientes|ingredienti|ingrediënten|ingrediente|ingredienser|składniki|suroviny"
    "|ingredience|hozzávalók|ainekset|ainesosat|malzemeler|υλικά|ингредиенты|材料|食材|재료"
)
_STEPS = re.compile(
    "method|directions|instructions|steps|preparation|how to make it|zubereitung|anleitung|préparation|étapes"
    "|preparación|elaboración|instrucciones|pasos|preparazione|procedimento|modo de preparo|preparo|preparação"
    "|bereiding|bereidingswijze|gör så här|fremgangsmåde|fremgangsmåte|przygotowanie|sposób przygotowania|wykonanie"
    "|postup|elkészítés|valmistus|ohje|mod de preparare|yapılışı|hazırlanışı|εκτέλεση|приготовление|作り方|做法"
    "|만드는 법"
)
_ABOUT = re.compile(r"(?: (?:for|für|pour|para|per|dla|voor|til|för|serves|makes))? *(?:\d.*|[^\w ].*)?")  # who eats it


def filled(made: Dish, soup: BeautifulSoup) -> Dish:
    """The dish, and where it lacks a part, what the page has under that part's heading."""
    heads = list(_heads(soup))
    title = made.title or words(next((head.get_text(" ") for head in heads if head.name == "h1"), ""))
    found = dish(
        title=title,
        ingredients=made.ingredients or _below(heads, _INGREDIENTS, ("li",)),
        steps=made.steps or _below(heads, _STEPS, ("li",)) or _below(heads, _STEPS, ("p",)),
    )
    return replace(made, title=found.title, ingredients=found.ingredients, steps=found.steps)


def _heads(soup: BeautifulSoup) -> Iterator[Tag]:
    return (head for head in soup.find_all(_HEADINGS) if _is_innermost(head, _HEADINGS))


def _below(heads: Iterable[Tag], name: re.Pattern[str], tags: tuple[str, ...]) -> list[str]:
    """The text of each such element below the first heading of this name that has any."""
    for head in heads:
        said = words(head.get_text(" ")).casefold()
        named = name.match(said)
        if named and _ABOUT.fullmatch(said, named.end()) and (found := list(_until_next(head, tags))):
            return found
    return []


def _until_next(head: Tag, tags: tuple[str, ...]) -> Iterator[str]:
    """Of each such element before the next heading, the innermost."""
    for element in head.next_elements:
        if isinstance(element, Tag) and element.name in _HEADINGS:
            return
        if isinstance(element, Tag) and element.name in tags and _is_innermost(element, tags):
            yield words(markup.text_of([element]))


def _is_innermost(element: Tag, tags: tuple[str, ...]) -> bool:
    return not any(isinstance(inner, Tag) and inner.name in tags for inner in element.descendants)
