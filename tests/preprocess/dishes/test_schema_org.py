import json

import pytest

from preprocess.parse.recipes import Options, parse
from tests.preprocess.snapshots import raw_file


def read(body: str):
    return list(parse(raw_file("https://mill.example/bread.html"), body.encode(), Options(kind="recipes")))


BREAD = {"@type": "Recipe", "name": "Bread &amp; butter", "recipeIngredient": ["1 egg", " 2 cups\nflour "]}
STEPS = {"recipeInstructions": [{"@type": "HowToStep", "text": "Mix."}, {"@type": "HowToStep", "text": "Bake."}]}
TEXT = "Bread & butter\n\n1 egg\n2 cups flour\n\nMix.\n\nBake."


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
        BREAD | {"recipeInstructions": {"0": "Mix.", "1": "Bake."}},
        BREAD | {"recipeInstructions": ["<ol><li>Mix.</li><li>Bake.</li><li></li></ol>", " "]},
        BREAD | {"recipeInstructions": [["Mix."], [{"text": ["Bake."]}]]},
        BREAD | STEPS | {"name": "Bread&nbsp;&amp;amp; butter \u200b"},
        BREAD | STEPS | {"@type": "https://schema.org/Recipe"},
        BREAD | STEPS | {"recipeIngredient": "1 egg<br>2 cups flour"},
        BREAD | STEPS | {"recipeIngredient": [["1 egg"], ["2 <b>cups</b> flour", "", None]]},
        BREAD | STEPS | {"recipeIngredient": ["1 egg", {"value": 2, "unitText": "cups", "name": "flour"}]},
        BREAD
        | STEPS
        | {"recipeIngredient": ["1 egg", {"amount": {"value": "2", "unitText": "cups"}, "name": "flour"}]},
        BREAD | STEPS | {"recipeIngredient": None, "ingredients": ["1 egg", "2 cups flour"]},
        [BREAD, {"@type": "Recipe", "name": "Bread & Butter"} | STEPS],
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": BREAD | STEPS}]},
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
    assert bread.text == "Bread\nYield: 2\n\n1 egg\nflour\n\nMix.\n\nBake."


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


@pytest.mark.parametrize(
    "rest",
    [
        page({"@type": "Recipe", "name": "Bread", "recipeInstructions": ["Mix.", "Bake."]}),
        '<div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop="name">Bread</h1></div>',
        '<div vocab="http://schema.org/" typeof="Recipe"></div><h1>Bread</h1>',
    ],
)
def test_what_a_page_declares_in_part_is_looked_for_under_its_headings(rest):
    (bread,) = read(
        f"<html>{rest}<h3>Zutaten* (für 4)</h3><p>Frisch.</p><ul><li>1 egg</li><li>flour</ul><h3>Zubereitung:</h3>"
        "<p>Mix.</p><p>Bake.</p><h3>Zutaten und mehr</h3><ul><li>none</ul>"
    )
    assert bread.text == "Bread\n\n1 egg\nflour\n\nMix.\n\nBake."
