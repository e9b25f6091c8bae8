import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.parse.latex import Options, marks, parse, unbalanced
from tests.preprocess.snapshots import raw_file

WHEELS = r"""% OK, start here.
\begin{document}
\title{On
Wheels}
\begin{lemma} A wheel. \end{lemma}
\end{document}
"""


def read(body: bytes, url: str = "https://mill.example/a.tar.gz!/mills/wheels.tex"):
    return list(parse(raw_file(url), body, Options(kind="latex")))


def test_the_source_is_kept_and_its_environments_are_counted():
    (wheels,) = read(WHEELS.replace("\n", "\r\n").encode())
    assert (wheels.text, wheels.title) == (WHEELS, "On Wheels")
    assert wheels.meta == {"path": "mills/wheels.tex", "environments": 2, "unbalanced": 0, "encoding": "utf-8"}


def test_a_file_without_a_title_has_its_path():
    assert read(b"\\section{A}")[0].title == "mills/wheels.tex"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\begin{a}\begin{b}\end{b}\end{a}", []),
        (r"\begin{a}\begin{b}\end{a}", [r"\begin{b} at 9"]),
        (r"\begin{a}\begin{a}\end{a}", [r"\begin{a} at 0"]),
        (r"\end{a}\begin{b}", [r"\end{a} at 0", r"\begin{b} at 7"]),
        ("% \\begin{a}\n\\begin {b}\\end{b}", []),
        (r"50\% \begin{a}", [r"\begin{a} at 5"]),
        ("\\\\% \\begin{a}\n", []),
        (r"\begin{verbatim} % \begin{a} \end{verbatim}", []),
        (r"\begin{verbatim} \begin{a}", [r"\begin{verbatim} at 0"]),
        (r"\verb|\begin{a}| \verb*+%+ \begin{b}", [r"\begin{b} at 27"]),
        (r"\newcommand{\bb}{\begin}", []),
    ],
)
def test_what_is_opened_and_not_closed_is_named(text, found):
    assert list(unbalanced(marks(text))) == found


@pytest.mark.parametrize(
    "filler", ["\\begin{a}", "\\end{a}", "\\begin{verbatim}", "\\verb|", "\\title{", "\\", "%", "{"]
)
def test_a_hostile_text_takes_no_longer_than_an_honest_one(filler):
    list(unbalanced(marks(filler * (200_000 // len(filler)))))


@pytest.mark.parametrize(("body", "message"), [(b"", "empty: "), (b"%PDF\0", "binary: ")])
def test_a_file_without_text_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["\\", "begin", "end", "{", "}", "a", "%", "\n", "\\verb|", "verbatim"]), max_size=40))
def test_any_text_is_one_document(parts):
    (document,) = read(("x" + "".join(parts)).encode())
    assert document.text == "x" + "".join(parts)
