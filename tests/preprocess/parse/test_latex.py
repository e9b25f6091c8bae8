import pytest

from corpusmill.errors import ParseError
from preprocess.parse.latex import Options, parse
from tests.preprocess.snapshots import raw_file

WHEELS = r"""% OK, start here.
\begin{document}
\title{On
Wheels}
\begin{lemma} A wheel. \end{lemma}
\section{Stones}
A stone. % round
\section{Weirs}
\begin{proof} A weir.
\end{document}
"""
PATH = "mills/wheels.tex"


def read(body: bytes, **options):
    file = raw_file(f"https://mill.example/a.tar.gz!/{PATH}")
    return list(parse(file, body, Options(kind="latex", **options)))


def test_the_source_is_kept_and_what_is_unbalanced_is_named():
    (wheels,) = read(WHEELS.replace("\n", "\r\n").encode())
    assert (wheels.text, wheels.title) == (WHEELS, "On Wheels")
    assert wheels.meta == {
        "path": PATH,
        "encoding": "utf-8",
        "environments": 3,
        "unbalanced": 1,
        "lacking": [r"\begin{proof} in line 9"],
    }


def test_a_document_may_be_a_section():
    head, stones, weirs = read(WHEELS.encode(), unit="section")
    assert head.text + stones.text + weirs.text == WHEELS
    assert [part.title for part in (head, stones, weirs)] == ["On Wheels", "Stones", "Weirs"]
    assert [part.meta["section"] for part in (head, stones, weirs)] == [0, 1, 2]
    assert [part.meta["unbalanced"] for part in (head, stones, weirs)] == [0, 0, 1]
    assert len({part.id for part in (head, stones, weirs)}) == 3
    assert len({part.group for part in (head, stones, weirs)}) == 1


def test_comments_may_be_stripped():
    (wheels,) = read(WHEELS.encode(), comments="strip")
    assert wheels.text == WHEELS.replace("% OK, start here.\n", "").replace(" % round", "")
    assert wheels.meta["comments"] == 2


def test_a_file_without_a_title_has_its_path():
    assert read(b"\\section{A}")[0].title == PATH


@pytest.mark.parametrize(("body", "message"), [(b"", "empty: "), (b"%PDF\0", "binary: ")])
def test_a_file_without_text_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body)
