import tarfile

import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.dishes import from_text
from preprocess.parse.recipes import Options, cut, parse
from tests import needs
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
        "Mill Bread\nCategories: Breads, Basics\nYield: 2 loaves\n\n"
        "500 g Flour, fresh from the stone\n1 pk Yeast\n1 ts Salt\n1/4 c Water\nCRUST:\n2 tb Butter; melted\n\n"
        f"{LONG} and let it rise.\n\nBake."
    )
    assert gruel.text == "Gruel\nCategories: Basics\nYield: 1\n\n1 c Oats\nSalt\n\nCook."
    assert (bread.title, bread.meta["categories"], bread.meta["servings"]) == (
        "Mill Bread",
        ("Breads", "Basics"),
        "2 loaves",
    )


def test_a_recipe_that_lost_its_columns_is_read_all_the_same():
    (bread,) = read(STRIPPED)
    assert bread.text == (
        "Mill Bread\nCategories: Breads, Basics\nYield: 2 loaves\n\n"
        "500 g Flour, fresh from the stone\n1 pk Yeast\nSalt and pepper\nCrust:\n2 tb Butter; melted\n\n"
        f"{LONG} and let it rise.\n\nBake.\nSubmitted By ADA On 03-05-95"
    )


HEAD = "Title: Mill Bread\nYield: 2 loaves\n"
END = f"{LONG}\n"


@pytest.mark.parametrize(
    ("lines", "ingredients"),
    [
        ("1 c  Flour\n1 ts Salt\n", ["1 c Flour", "1 ts Salt"]),
        ("1 c  Flour    1 ts Salt\n2 c  Water\n", ["1 c Flour", "1 ts Salt", "2 c Water"]),
        ("1 c  Flour          Salt\n2 c  Water\n", ["1 c Flour", "Salt", "2 c Water"]),
        ("½ tsp. salt\n1 c  Flour\n", ["½ tsp. salt", "1 c Flour"]),
        ("1 c  Flour (from the\nstone)\n1 ts Salt\n", ["1 c Flour (from the stone)", "1 ts Salt"]),
        ("1 c  Flour\n(sifted)\n; twice\n-at least\n", ["1 c Flour (sifted) ; twice at least"]),
        ("1 c  Flour>>>\n-sifted\n", ["1 c Flour sifted"]),
        ("1 c  Flour.\nFresh. See below, please.\n1 ts Salt\n1 c  Water\n", 4),
        ("From the old mill by the river.\n1 c  Flour\n1 ts Salt\n", 3),
        ("1 c  Flour\nMMMMM---TO BAKE IT---\n", ["1 c Flour"]),
        ("1 c  Flour\nPreheat oven to 400\n", ["1 c Flour"]),
        ("1 c  Flour\n:\n1 ts Salt\n", ["1 c Flour", "1 ts Salt"]),
        ("", []),
    ],
)
def test_the_ingredients_end_where_the_steps_begin(lines, ingredients):
    (bread,) = read(HEAD + lines + END)
    found = from_text(bread.text)
    assert (len(found.ingredients) if isinstance(ingredients, int) else list(found.ingredients)) == ingredients
    assert words(found.steps[-1]).endswith(LONG)


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_line_that_was_joined_to_the_yield_is_no_part_of_it():
    (bread,) = read("Title: Mill Bread\nYield: 2 loaves  1 c  Flour\n1 ts Salt\n" + END)
    assert (bread.meta["servings"], bread.meta["ingredients"]) == ("2 loaves", 2)


def test_the_end_of_a_title_may_stand_above_it():
    (bread,) = read(f"(Apple Bread)\n{STRIPPED}")
    assert bread.title == "Mill Bread (Apple Bread)"


def test_a_recipe_that_was_cut_ends_where_the_next_begins_though_it_be_within_a_line():
    whole = WHOLE.replace("  Bake.\n\nMMMMM\n\n----------", "  Bake MMMMM-----")
    _, bread, gruel = read(whole)
    assert bread.text.endswith("\n\nBake")
    assert gruel.title == "Gruel"


def test_only_a_line_of_its_own_kind_ends_a_recipe():
    _, bread, _ = read(WHOLE.replace("  Bake.\n", "  Wait.\n-----\n  Bake.\n"))
    assert bread.text.endswith("\n\nWait.\n\nBake.")


def test_a_title_in_the_text_begins_no_recipe():
    (bread,) = read(STRIPPED + "\nTitle: The Mill, a book\nby nobody\n")
    assert bread.text.endswith("Title: The Mill, a book\nby nobody")


def test_characters_of_ms_dos_are_mended_and_counted():
    spoiled = STRIPPED.replace("Bake.", "Bake at 350ø, saut\x82 1« onions.\x14")
    bread, other = read(f"{spoiled}\n{STRIPPED}")
    assert "Bake at 350°, sauté 1½ onions.\n" in bread.text
    assert (bread.meta["mended_cp437"], bread.meta["mended_controls"]) == (3, 1)
    assert "mended_cp437" not in other.meta


def test_a_stray_nul_in_a_long_text_does_no_harm():
    (bread,) = read((STRIPPED * 4).replace("Title", "Note").replace("Note", "Title", 1) + "Serve.\0\n")
    assert "\0" not in bread.text


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("Dear millers,\nno recipe today.\n", ["outside a recipe: 29 characters"]),
        ("Title: Air\nCategories: None\nYield: 1\n", ["no recipe: nothing under 'Air'"]),
        ("<html><body><h1>Bread</h1></body></html>", ["no recipe: the page declares none"]),
        ("<p>" * 100_001, ["too large: 100,001 tags in one page"]),
    ],
)
def test_what_is_no_recipe_is_a_drop(body, reasons):
    assert [result.reason for result in read(body)] == reasons


@pytest.mark.parametrize("text", [WHOLE * 9, STRIPPED * 9, WHOLE.replace("\n", "\r\n") * 3, (STRIPPED + WHOLE) * 3])
@pytest.mark.parametrize("size", [900, 1_500, 2_000])
def test_a_long_file_in_pieces_gives_what_it_gives_whole(text, size):
    body, options = text.encode(), Options(kind="recipes")
    file = raw_file("https://mill.example/all.mmf")
    found, before, start = [], 0, 0
    while end := cut(body[start : start + size], options)[0] if start + size < len(body) else len(body) - start:
        records = cut(body[start : start + size], options)[1]
        found += parse(file, body[start : start + end], options, before)
        start, before = start + end, before + records
    assert start == len(body)
    assert found == list(parse(file, body, options))
    assert len({result.id for result in found}) == len(found)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (WHOLE.encode("utf-16"), ""),
        (WHOLE.encode("utf-16-le"), "utf-16-le"),
        (WHOLE.replace("\n", "\r").encode(), ""),
        (STRIPPED.encode(), ""),
        (b"<html>" + WHOLE.encode(), ""),
    ],
)
def test_what_cannot_be_cut_is_not(body, encoding):
    assert cut(body, Options(kind="recipes", encoding=encoding)) == (0, 0)


def test_a_binary_is_refused():
    with pytest.raises(ParseError, match=r"^binary: "):
        read(b"Title: \0")


def test_the_archive_of_the_bulletin_boards_in_their_own_format_is_read_whole():
    folder = needs.shared("web") / "raw.githubusercontent.com/thinkle/gourmet/master/gourmet/tests/recipe_files"
    found = [result for path in sorted(folder.glob("*.mmf")) for result in read(path.read_bytes())]
    assert all(isinstance(result, Document) and not from_text(result.text).missing for result in found)


def test_recipes_that_lost_their_lines_and_columns_are_found_whole():
    path = needs.shared("web") / "codeload.github.com/gfreitag/Recipe-Project/tar.gz/refs/heads/master"
    with tarfile.open(path) as archive:
        members = [member for member in archive if member.isfile()]
        bodies = [archive.extractfile(member).read() for member in members[::97]]
    found = [read(body) for body in bodies]
    assert all(isinstance(result, Document) for results in found for result in results)
    dishes = [from_text(result.text) for (result,) in found]
    assert sum(not dish.missing for dish in dishes) >= 0.98 * len(dishes)
