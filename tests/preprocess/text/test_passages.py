import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.text.passages import LONGEST, SHORTEST, passages

PROSE = "The wheel turns and the stone grinds. " * 8
PARAGRAPHS = "\n\n".join([PROSE] * 200)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in passages(text)]


@pytest.mark.parametrize(
    ("text", "at_least", "longest"),
    [
        ("word " * 1_000_000, 2_000, 2 * LONGEST),
        ("x" * 5_000_000, 2_500, LONGEST),
        ("word " * 200, 8, 2 * SHORTEST),
        ("word " * 30, 2, SHORTEST),
        ("a line of verse\n" * 60, 7, 2 * SHORTEST),
        ("a\n\n" * 50_000, 90, 2 * LONGEST),
        (PARAGRAPHS, 90, 2 * len(PROSE) + 1),
        ("粉挽き小屋。" * 500, 20, 2 * SHORTEST),
        ("\n \n" * 100_000 + "end", 1, 3),
    ],
)
def test_every_shape_of_text_is_cut_into_passages_of_bounded_size(text, at_least, longest):
    lengths = [len(passage) for passage in cut(text)]
    assert len(lengths) >= at_least
    assert max(lengths) <= longest


def test_passages_end_at_blank_lines_where_there_are_some():
    assert {passage.replace(PROSE.strip(), "P") for passage in cut(PARAGRAPHS)} <= {"P", "P \n\nP", "P \n\nP \n\nP"}


def test_a_long_paragraph_is_cut_at_line_ends_and_a_long_line_between_words():
    lines = "\n".join(f"line {n} of a paragraph that never ends" for n in range(100))
    assert all(passage.startswith("line ") for passage in cut(lines))
    assert all(passage.startswith("word") and passage.endswith("word") for passage in cut("word " * 500))


def test_indentation_stays():
    assert cut("\n\n    def grind():\n        pass\n")[0] == "    def grind():\n        pass"


@given(st.text(st.sampled_from("ab \n\té。"), max_size=3_000))
def test_only_white_space_is_lost(text):
    assert "".join("".join(cut(text)).split()) == "".join(text.split())
    assert all(passage.strip() for passage in cut(text))
