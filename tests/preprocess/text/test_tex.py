import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.text.tex import marks, sections, survey, without_comments
from tests import needs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\begin{a}\begin{b}\end{b}\end{a}", []),
        (r"\begin{a}\begin{b}\end{a}", [r"\begin{b} 9"]),
        (r"\begin{a}\begin{a}\end{a}", [r"\begin{a} 0"]),
        (r"\end{a}\begin{b}", [r"\end{a} 0", r"\begin{b} 7"]),
        ("% \\begin{a}\n\\begin {b}\\end{b}", []),
        (r"50\% \begin{a}", [r"\begin{a} 5"]),
        ("\\\\% \\begin{a}\n", []),
        (r"\begin{verbatim} % \begin{a} } \end{verbatim}", []),
        (r"\begin{verbatim} \begin{a}", [r"\begin{verbatim} 0"]),
        (r"\verb|\begin{a}| \verb*+%{+ \begin{b}", [r"\begin{b} 28"]),
        (r"\verbatiminput{a}", []),
        (r"{ \{ } \} }", ["} 10"]),
        (r"{ \begin{a} } \end{a}", [r"\begin{a} 2", r"\end{a} 14"]),
        (r"{{x}", ["{ 0"]),
        (r"\newcommand{\be}[1][x]{\begin{equation} {#1}} \def\ee#1{\end{equation}}", []),
        (r"\newenvironment{mill}[1]{\begin{proof}}{\end{proof}} \begin{mill}\end{mill}", []),
        (r"\newcommand\be{\begin{a}", ["{ 0"]),
        (r"\definition{\begin{a}}", [r"\begin{a} 12"]),
        (r"\begin{document}\end{document} }", []),
        ("\\endinput\n}", []),
        (r"\newcommand{\bb}{\begin}", []),
    ],
)
def test_what_is_opened_and_not_closed_is_named(text, found):
    told = survey(marks(text))
    assert [f"{mark} {mark.at}" for mark in told.named] == found
    assert told.unbalanced == len(found)


def test_groups_within_each_other_are_followed_as_far_as_tex_does():
    assert survey(marks("{" * 255 + "}" * 255)).unbalanced == 0
    assert survey(marks("{" * 256 + "}" * 256)).unbalanced == 256


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("a\n% b\nc", "a\nc", 1),
        ("a\n  % b\nc", "a\nc", 1),
        ("a % b\nc", "a\nc", 1),
        ("a% b\nc", "a%\nc", 1),
        ("a%\nc", "a%\nc", 0),
        ("% b", "", 1),
        ("50\\% b\n", "50\\% b\n", 0),
        ("\\begin{verbatim}\n% b\n\\end{verbatim}", "\\begin{verbatim}\n% b\n\\end{verbatim}", 0),
        ("{\n% b\n% c\n}\n", "{\n}\n", 2),
    ],
)
def test_comments_are_taken_out_as_tex_passes_over_them(text, left, count):
    assert without_comments(text) == (left, count)


@given(st.lists(st.sampled_from(["\\", "begin", "section", "{", "}", "a", "%", "\n", "\\def\\a{", "verbatim"])))
def test_sections_are_the_whole_text(parts):
    text = "".join(parts)
    assert "".join(text[start:end] for _, start, end in sections(text)) == text
    assert without_comments(without_comments(text)[0])[1] == 0


def test_every_file_of_a_real_book_is_balanced():
    archive = needs.shared("web") / "codeload.github.com/stacks/stacks-project/tar.gz/refs/heads/master"
    with tarfile.open(archive) as tar:
        names = [name for name in tar.getnames() if name.endswith(".tex")]
        assert len(names) == 119
        for name in names:
            assert survey(marks(tar.extractfile(name).read().decode())).named == [], name
