"""Recipes: Meal-Master in one column and two, whole and stripped; pages with JSON-LD, microdata and headings."""

from preprocess.parse.recipes import Options

OPTIONS = (Options(kind="recipes"), Options(kind="recipes", encoding="windows-1252"))

MEAL_MASTER = b"""From: a miller

MMMMM----- Recipe via Meal-Master (tm) v8.02

      Title: Mill Bread
 Categories: Breads, Basics
      Yield: 2 loaves

    500 g  Flour, fresh from the               1 ts Salt
           -stone                            1/4 c  Water
      1 pk Yeast

MMMMM---------------------------CRUST--------------------------------
      2 tb Butter; melted

  Mix the flour and the water with a wooden spoon until nothing sticks,
  and let it rise.

  Bake at 350\xf8F.

MMMMM
"""
STRIPPED = b"""Title: Mill Gruel
Categories: Basics
Yield: 2 servings
1 c  Oats    2 c  Water
Filling:
1 ts Salt
Cook it.

Title: Mill Cake
Servings: 4
1 1/2 c  Flour
-sifted
Bake it.
"""
LINKED = (
    b'<html><script type="application/ld+json">//<![CDATA[\n{"@graph": [{"@type": ["Recipe"], "name": "Bread",'
    b' "recipeIngredient": ["1 egg", {"@type": "PropertyValue", "value": 2, "unitText": "cups", "name": "flour"}],'
    b' "recipeInstructions": [{"@type": "HowToSection", "name": "Dough", "itemListElement":'
    b' [{"@type": "HowToStep", "text": "<p>Mix\nit.</p>"}]}, "Bake &amp; eat.",],}]}\n//]]></script><h1>Bread</h1>'
)
MARKED = (
    b'<div itemscope itemtype="https://schema.org/Recipe" itemref="more"><h1 itemprop="name">Bread</h1>'
    b'<ul><li itemprop="recipeIngredient"><b>1</b><i>egg</i></li><li itemprop="recipeIngredient">flour</ul>'
    b'<div itemprop="recipeInstructions"><p>Mix.</p><p>Bake.</p></div></div><p id="more" itemprop="recipeYield">2</p>'
)
HEADED = (
    b'<div itemscope itemtype="https://schema.org/Recipe"><h1 itemprop=name>Bread</h1></div><h2>Ingredients:</h2><ul>'
    b"<li>1 egg</li><li>flour</ul><h2>Method</h2><p>Mix.</p><p>Bake.</p><h2>Notes</h2><p>None.</p>"
)
GOOD = (MEAL_MASTER, STRIPPED, LINKED, MARKED, HEADED)

PARTS = (
    b"MMMMM\n",
    b"MMMMM----- Recipe via Meal-Master\n",
    b"Title: x\nYield: 1\n",
    b"Title: ",
    b"-----\n",
    b"      1 c  Salt                               1 c  Oil\n",
    b"\n- and more",
    b"\n\n",
    b"<",
    b'<script type="application/ld+json">',
    b"</script>",
    b'{"@type": "Recipe", "name": "x", "recipeIngredient": "y"}',
    b'"recipeInstructions": [[',
    b'{"0": "a", "1": {"value": {"value": 1}}}',
    b"\\ud83c",
    b"\\u12",
    b"&quot;",
    b"&#55357;",
    b"/* ",
    b"<li itemprop=name itemscope>",
    b"<div typeof=Recipe property=ingredients>",
    b"<h2>Zutaten</h2><li>",
)

_LD = b'<script type="application/ld+json">'
_RECIPE = _LD + b'{"@type": "Recipe", "name": "x", "recipeIngredient": '


def _of(piece: bytes, start: bytes = b"Title: x\nYield: 1\n", end: bytes = b""):
    """A body of one start, many of one piece, and one end."""
    return lambda size: start + piece * (size // len(piece)) + end


GROWING = {
    "records": _of(MEAL_MASTER, b""),
    "stripped": _of(STRIPPED, b""),
    "titles": _of(b"Title: x\n", b"", b"Yield: 1\n"),
    "titles-and-yields": _of(b"Title: x\nYield: 1\n", b""),
    "headers": _of(b"MMMMM----- Recipe via Meal-Master\n"),
    "headers-on-one-line": _of(b"MMMMM----- Recipe "),
    "ends": _of(b"MMMMM\n"),
    "groups": _of(b"MMMMM-----x-----\n"),
    "ingredients": _of(b"      1 c  Salt                               1 c  Oil\n"),
    "two-to-a-line": _of(b"1 c  Salt    2 c  Oil\n"),
    "going-on": _of(b"- and\n", b"Title: x\nYield: 1\n1 c  Salt\n"),
    "brackets": _of(b"(x)\n", b"Title: x\nYield: 1\n1 c  Salt (\n"),
    "notes-among-amounts": _of(b"See the note below, for what is meant by it.\n1 c  Salt\n2 c  Oil\n"),
    "wrapped": _of(b"mix the flour and the water with a wooden spoon until it is done\n"),
    "empty-lines": _of(b"\n"),
    "one-line": _of(b"x"),
    "one-line-of-words": _of(b"1 c "),
    "spaces": _of(b" "),
    "dashes": _of(b"-"),
    "figures": _of(b"1"),
    "high-bytes": _of(b"\xff", b"Title: x\nYield: 1\n\xe9 "),
    "commas": _of(b",", b"Title: x\nYield: 1\nCategories: "),
    "linked": _of(LINKED, b""),
    "marked": _of(MARKED, b""),
    "headed": _of(HEADED, b""),
    "json-strings": _of(b'"1 <b>egg</b> &amp; salt", ', _RECIPE + b"[", b'"y"]}</script>'),
    "json-one-string": _of(b"<p>1 egg &amp;amp; salt</p>", _RECIPE + b'"', b'"}</script>'),
    "json-broken-strings": _of(b'"1" x", ', _RECIPE + b"[", b'"y",]}</script>'),
    "json-quotation-marks": _of(b'" ', _RECIPE + b"[", b"</script>"),
    "json-backslashes": _of(b'\\"', _RECIPE + b"[", b"</script>"),
    "json-comments": _of(b"/*", _RECIPE + b"[", b"</script>"),
    "json-commas": _of(b",  ", _RECIPE + b"[", b"</script>"),
    "json-figures": _of(b"1", _RECIPE + b"[", b"]}</script>"),
    "json-deep": _of(b"[", _RECIPE, b"</script>"),
    "json-recipes": _of(b'{"@type": "Recipe", "name": "x", "recipeIngredient": "y"}', _LD, b"</script>"),
    "json-key": _of(b"/x", _LD + b'{"', b'": 1, "@type": "Recipe"}</script>'),
    "scripts": _of(_LD + b"{}</script>", b""),
    "scripts-unclosed": _of(_LD, b""),
    "tags-in-json": _of(b"<b ", _RECIPE + b'"', b'"}</script>'),
    "entities": _of(b"&amp;", _RECIPE + b'"', b'"}</script>'),
    "items-within-items": _of(b'<div itemscope itemtype="http://schema.org/Recipe" itemprop="name">x', b""),
    "properties": _of(b'<b itemprop="ingredients">x', b'<div itemscope itemtype="http://schema.org/Recipe">'),
    "references": _of(b'<i id="a" itemprop="name">', b'<div itemscope itemtype="//schema.org/Recipe" itemref="a">'),
    "headings": _of(b"<h2>Ingredients</h2>", b'<div itemscope itemtype="//schema.org/Recipe"></div>'),
    "headings-within-headings": _of(b"<h2>Zutaten", b'<div itemscope itemtype="//schema.org/Recipe"></div>'),
    "tags-unclosed": _of(b"<p", b"<html>"),
    "page-of-words": _of(b"word ", b"<html>"),
    "page-of-paragraphs": _of(b"<p>" + b"word " * 40, b"<html>"),
}
