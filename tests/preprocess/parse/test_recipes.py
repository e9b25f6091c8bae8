import json

import pytest
from hypothesis import given, settings

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse import recipes
from preprocess.parse.recipes import Options, parse
from tests.preprocess.parse.hostile import spoiled, survives
from tests.preprocess.snapshots import raw_file

LONG = "Mix the flour and the water with a wooden spoon until nothing sticks to it,"
WHOLE = f"""From: a miller

MMMMM----- Recipe via Meal-Master (tm) v8.02

      Title: Mill Bread
 Categories: Breads, Basics
      Yield: 2 loaves

    500 g  Flour, fresh from the               1 ts Salt
           -stone                            1/4 c  Water
      1 pk Yeast

MMMMM---------------------------CRUST--------------------------------
      2 tb Butter; melted

  {LONG}
  and let it rise.

  Bake.

MMMMM

---------- Recipe via Meal-Master (tm) v7.07

      Title: Gruel
 Categories: Basics
   Servings:  1

      1 c  Oats
           Salt

  Cook.

-----
"""
STRIPPED = f"""Title: Mill Bread
Categories: Breads, Basics
Yield: 2 loaves
500 g  Flour, fresh from the
-stone
1 pk Yeast
Salt and pepper
Crust:
2 tb Butter; melted
{LONG}
and let it rise.

Bake.
Submitted By ADA   On   03-05-95
"""


def read(body: str | bytes, **options):
    body = body.encode() if isinstance(body, str) else body
    return list(parse(raw_file("https://mill.example/bread.txt"), body, Options(kind="recipes", **options)))


def test_a_meal_master_file_holds_any_number_of_recipes_in_one_or_two_columns():
    outside, bread, gruel = read(WHOLE)
    assert outside.reason == "outside a recipe: 14 characters"
    assert bread.text == (
        "Mill Bread\n\n500 g Flour, fresh from the stone\n1 pk Yeast\n1 ts Salt\n1/4 c Water\nCRUST:\n"
        f"2 tb Butter; melted\n\n{LONG} and let it rise.\n\nBake."
    )
    assert gruel.text == "Gruel\n\n1 c Oats\nSalt\n\nCook."
    assert (bread.title, bread.meta["categories"], bread.meta["servings"]) == (
        "Mill Bread",
        ("Breads", "Basics"),
        "2 loaves",
    )


def test_a_recipe_that_lost_its_columns_is_read_all_the_same():
    (bread,) = read(STRIPPED)
    assert bread.text == (
        "Mill Bread\n\n500 g Flour, fresh from the stone\n1 pk Yeast\nSalt and pepper\nCrust:\n2 tb Butter; melted\n\n"
        f"{LONG} and let it rise.\n\nBake.\nSubmitted By ADA On 03-05-95"
    )


def test_a_title_in_the_text_begins_no_recipe():
    (bread,) = read(STRIPPED + "\nTitle: The Mill, a book\nby nobody\n")
    assert bread.text.endswith("Title: The Mill, a book\nby nobody")


def test_characters_of_ms_dos_are_mended_and_counted():
    (bread,) = read(STRIPPED.replace("Bake.", "Bake at 350ø, saut\x82 1« onions.\x14"))
    assert "Bake at 350°, sauté 1½ onions.\n" in bread.text
    assert (bread.meta["mended_cp437"], bread.meta["mended_controls"]) == (3, 1)


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("Dear millers,\nno recipe today.\n", ["outside a recipe: 29 characters"]),
        ("Title: Air\nCategories: None\nYield: 1\n", ["no recipe: nothing under 'Air'"]),
        ("<html><body><h1>Bread</h1></body></html>", ["no recipe: the page declares none"]),
    ],
)
def test_what_is_no_recipe_is_a_drop(body, reasons):
    assert [result.reason for result in read(body)] == reasons


BREAD = {"@type": "Recipe", "name": "Bread &amp; butter", "recipeIngredient": ["1 egg", " 2 cups\nflour "]}
STEPS = {"recipeInstructions": [{"@type": "HowToStep", "text": "Mix."}, {"@type": "HowToStep", "text": "Bake."}]}
TEXT = "Bread & butter\n\n1 egg\n2 cups\nflour\n\nMix.\n\nBake."


def page(value, before: str = "", after: str = "") -> str:
    return f'<html><script type="application/ld+json">{before}{json.dumps(value)}{after}</script><p>words</p></html>'


@pytest.mark.parametrize(
    "value",
    [
        BREAD | STEPS,
        [{"@type": "WebSite", "name": "Mill"}, BREAD | STEPS],
        {"@graph": [{"@type": "WebPage", "mainEntity": BREAD | STEPS}]},
        BREAD | STEPS | {"@type": ["Recipe", "NewsArticle"]},
        [BREAD | STEPS, BREAD | STEPS],
        BREAD | {"recipeInstructions": "Mix.\nBake."},
        BREAD | {"recipeInstructions": "<p>Mix.</p><p>Bake.</p>"},
        BREAD | {"recipeInstructions": ["Mix.", "Bake."]},
        BREAD | {"recipeInstructions": [{"@type": "HowToStep", "name": "Mix.", "text": "Mix."}, "Bake."]},
        BREAD | {"recipeInstructions": [{"@type": "HowToStep", "name": "Step 1", "text": "Mix."}, "Bake."]},
        BREAD | {"recipeInstructions": {"@type": "ItemList", "itemListElement": ["Mix.", {"text": "Bake."}]}},
        BREAD | {"recipeInstructions": [{"@type": "HowToSection", "name": "Mix.", "itemListElement": ["Bake."]}]},
    ],
)
def test_json_ld_in_every_form_gives_the_same_text(value):
    (bread,) = read(page(value))
    assert bread.text == TEXT
    assert (bread.title, bread.meta["format"]) == ("Bread & butter", "schema.org")


@pytest.mark.parametrize(
    ("before", "after"), [("<!--", "-->"), ("//<![CDATA[\n", "\n//]]>"), ("/*<![CDATA[*/", "/*]]>*/"), ("", ";")]
)
def test_what_hides_a_script_is_passed_over(before, after):
    assert read(page(BREAD | STEPS, before, after))[0].text == TEXT


def test_microdata_is_read_where_there_is_no_json():
    (bread,) = read(
        '<div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Bread</h1>'
        '<div itemprop="author" itemscope itemtype="https://schema.org/Person"><b itemprop="name">Ada</b></div>'
        '<ul><li itemprop="recipeIngredient">1 egg</li><li itemprop="recipeIngredient">flour</ul>'
        '<div itemprop="recipeInstructions"><p>Mix.</p><p>Bake.</p></div>'
        '<meta itemprop="recipeYield" content="2"></div>'
    )
    assert bread.text == "Bread\n\n1 egg\nflour\n\nMix.\n\nBake."
    assert bread.meta["servings"] == "2"


@pytest.mark.parametrize(
    "script",
    ["{", "[" * 5_000, '{"@type": "Recipe"}', '{"@type": "Recipe", "name": 1, "recipeInstructions": {"a": [null]}}'],
)
def test_json_that_is_broken_declares_no_recipe(script):
    (result,) = read(f'<script type="application/ld+json">{script}</script>')
    assert result.reason == "no recipe: the page declares none"


def test_half_a_surrogate_pair_is_no_text():
    (bread,) = read(page(BREAD | {"recipeInstructions": "Mix \ud83c."}))
    assert bread.text.endswith("Mix .")


def test_a_binary_is_refused():
    with pytest.raises(ParseError, match=r"^binary: "):
        read(b"Title: \0")


PARTS = (
    b"MMMMM\n",
    b"Title: x\nYield: 1\n",
    b"-----",
    b"      1 c  Salt",
    b"\n\n",
    b'{"@type": "Recipe"',
    b"<li itemprop=name>",
)


@settings(max_examples=60, deadline=None)
@given(spoiled(WHOLE.encode(), *PARTS) | spoiled(page(BREAD | STEPS).encode(), *PARTS))
def test_only_a_parse_error_escapes(body):
    survives(recipes, body, Options(kind="recipes"))


@pytest.mark.parametrize(
    "part", ["-", "M", " ", "Title: x\n", "Title: x\nYield: 1\n", "1 c  Salt\n", "MMMMM---x---\n", "*"]
)
def test_a_hostile_megabyte_takes_no_longer_than_an_honest_one(part):
    results = read("Title: x\nYield: 1\n" + part * (200_000 // len(part)))
    assert all(isinstance(result, Document) or result.reason for result in results)
