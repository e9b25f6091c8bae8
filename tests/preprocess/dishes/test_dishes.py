import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.dishes import Dish, dish, from_text, to_text

BREAD = dish(
    title="Mill Bread",
    categories=["Breads, Basics"],
    servings="2 loaves",
    ingredients=["500 g  Flour", "CRUST:"],
    steps=["Mix it.\nWait.", "Bake."],
)
WRITTEN = "Mill Bread\nCategories: Breads, Basics\nYield: 2 loaves\n\n500 g Flour\nCRUST:\n\nMix it.\nWait.\n\nBake."

SPACES = [
    "\n",
    "\n\n",
    "\x0b",
    "\x1c",
    "\x85",
    "\u2028",
    "\u200b",
    "\ufeff",
    "\xa0",
    ",",
    "-",
    "Yield: ",
    "Categories: ",
]
TEXTS = st.lists(st.text(max_size=9) | st.sampled_from(SPACES), max_size=6).map("".join)
DISHES = st.builds(
    dish,
    title=TEXTS,
    ingredients=st.lists(TEXTS, max_size=4),
    steps=st.lists(TEXTS, max_size=4),
    categories=st.lists(TEXTS, max_size=3),
    servings=TEXTS,
).filter(lambda made: made.title)


def test_a_dish_has_one_written_form():
    assert to_text(BREAD) == WRITTEN
    assert from_text(WRITTEN) == BREAD


@given(DISHES)
def test_reading_undoes_writing(made):
    assert from_text(to_text(made)) == made


@given(st.text() | st.lists(TEXTS, max_size=9).map("\n".join))
def test_whatever_a_model_writes_is_read_and_what_is_missing_is_said(text):
    found = from_text(text)
    assert set(found.missing) <= {"title", "ingredients", "steps"}
    assert not found.title or from_text(to_text(found)) == found


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ("title", "ingredients", "steps")),
        (" \n\n\n ", ("title", "ingredients", "steps")),
        ("Mill Bread", ("ingredients", "steps")),
        ("Mill Bread\n\n500 g Flour", ("steps",)),
        ("Mill Bread\n\n-\n\nBake.", ("ingredients",)),
        ("\n\nMill Bread\nYield: 2\n \n500 g Flour\n\n\nBake.\n", ()),
    ],
)
def test_a_dish_says_which_parts_it_lacks(text, missing):
    assert from_text(text).missing == missing


def test_a_dish_without_ingredients_does_not_take_its_first_step_for_one():
    made = dish(title="Air", steps=["Breathe."])
    assert to_text(made) == "Air\n\n-\n\nBreathe."
    assert from_text(to_text(made)) == made == Dish(title="Air", steps=("Breathe.",))
