import pytest

from preprocess.text.comments import of


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("mill/a.c", "// a"),
        ("a.py", "# a"),
        ("Makefile", "# a"),
        ("a.unknown", "# a"),
        ("a.css", "/* a */"),
        ("a.html", "<!-- a -->"),
        ("a.tex", "% a"),
        ("a.S", "// a"),
    ],
)
def test_a_comment_is_written_as_the_language_does(path, line):
    assert of(path).of("a") == line


def test_a_comment_does_not_end_before_it_ends():
    assert of("a.css").of("a*/b") == "/* a*\\/b */"
