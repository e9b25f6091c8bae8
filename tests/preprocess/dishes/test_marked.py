import pytest

from preprocess.dishes import Dish, marked
from preprocess.text import markup

RECIPE = '<div itemscope itemtype="https://schema.org/Recipe">'
BREAD = Dish(title="Bread", ingredients=("1 egg", "flour"), steps=("Mix.", "Bake."))


def read(page):
    return list(marked.dishes(markup.tree(page)))


OLD = '<div itemscope itemtype="http://data-vocabulary.org/Recipe" itemref="a"><b itemprop="name">Bread</b></div>'
RDFA = '<div vocab="https://schema.org/" typeof="Recipe"><b property="name">Bread</b>'


@pytest.mark.parametrize(
    "page",
    [
        f"""{RECIPE}<h1 itemprop="name">Bread</h1>
        <i itemprop="ingredients">1 egg</i><i itemprop="ingredients">flour</i>
        <p itemprop="recipeInstructions">Mix.</p><p itemprop="recipeInstructions">Bake.</p></div>""",
        f"""{RECIPE}<meta itemprop="name" content=" Bread ">
        <ul itemprop="recipeIngredient"><li>1 egg</li><li>flour</li></ul>
        <ol itemprop="recipeInstructions"><li>Mix.</li><li>Bake.</li></ol></div>""",
        f"""{RECIPE}<h1 itemprop="name">Bread</h1>
        <i itemprop="recipeIngredient"><b>1</b><b>egg</b></i><i itemprop="recipeIngredient">flour</i>
        <div itemprop="recipeInstructions" itemscope><p itemprop="name">Mix.</p><p itemprop="text">Bake.</p></div>""",
        f"""{OLD}<div id="a"><i itemprop="ingredient">1 egg</i><i itemprop="ingredient">flour</i>
        <p itemprop="instructions">Mix.<br>Bake.</p></div>""",
        f"""{RDFA}<i property="ingredients">1 egg</i><i property="schema:ingredients">flour</i>
        <p property="recipeInstructions">Mix.<br>Bake.</p></div>""",
    ],
)
def test_a_recipe_is_read_in_every_dialect(page):
    assert read(page) == [BREAD]


def test_what_belongs_to_another_item_is_not_taken():
    (found,) = read(
        f'<b itemprop="name">Site</b>{RECIPE}<div itemprop="author" itemscope><b itemprop="name">Ada</b></div>'
        '<div itemscope itemtype="https://schema.org/Recipe"><b itemprop="name">Gruel</b></div>'
        '<b itemprop="name">Bread</b></div><i itemprop="ingredients">none</i>'
    )
    assert found == Dish(title="Bread")


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        ("<b>1</b><i>cup</i> flour", "1 cup flour"),
        ("<b>1 cup</b>, sifted (<i>twice</i>)", "1 cup, sifted (twice)"),
        ("<b>1</b><script>x</script><!-- y --> egg", "1 egg"),
    ],
)
def test_parts_that_stand_apart_on_a_page_are_parted(inner, line):
    (found,) = read(f'{RECIPE}<i itemprop="ingredients">{inner}</i><i itemprop="ingredients">salt</i></div>')
    assert found.ingredients == (line, "salt")
