import pytest
from hypothesis import given, settings

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse import html
from preprocess.parse.html import Options, parse
from tests.preprocess.parse.hostile import spoiled, survives
from tests.preprocess.snapshots import raw_file

PAGE = """<!DOCTYPE html><html><head><title> The
 Mill </title><meta property="said" content="2017-07-28T15:46:00-04:00"><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><article><h1>Mill</h1><p>The <b>wh</b>eel&nbsp;turns,<br>and turns.</p><!-- no -->
<script>track()</script><p>Flour &amp; bread.</p></article><footer>Contact</footer></body></html>"""


def read(page: str | bytes, **options):
    body = page.encode() if isinstance(page, str) else page
    (result,) = parse(raw_file("https://mill.example/page"), body, Options(kind="html", **options))
    return result


def text(inner: str, **options) -> str:
    return read(f"<body>{inner}</body>", content=("body",), **options).text


def test_a_page_is_its_main_text_with_title_and_date():
    found = read(PAGE, title="h1", date="meta[property=said]", author="Ada")
    assert found.text == "Mill\n\nThe wheel turns,\nand turns.\n\nFlour & bread."
    assert (found.title, found.date, found.author, found.meta) == ("Mill", "2017-07-28", "Ada", {"encoding": "utf-8"})


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("one<br>two<br><br>three<br>\n<br/>four", "one\ntwo\n\nthree\n\nfour"),
        ("<p>one<p>two<div>three</div>four", "one\n\ntwo\n\nthree\n\nfour"),
        ("a<ul><li>one</li><li>two</ul>b", "a\n\none\ntwo\n\nb"),
        ("<table><tr><td>left<td>right</tr><tr><td>below</td></tr></table>b", "left\nright\nbelow\n\nb"),
        ("<table width=600><tr><td><font>one<br><br>two</font></td></tr></table>", "one\n\ntwo"),
        ("a <i> b</i>\n\tc", "a b c"),
        ("<pre>  if x:\n\ty = 1\n</pre>", "  if x:\n        y = 1"),
        ("a<script>b</script><style>c</style><svg><text>d</text></svg><!-- e -->f", "af"),
        ("a < b & c &lt;d&gt; &#8217;&eacute;", "a < b & c <d> ’é"),
        ("a <!-- never closed", "a"),
        ("a <![if x]> b <![CDATA[ c ]]>", "a b"),
    ],
)
def test_blocks_are_paragraphs_and_br_ends_a_line(inner, expected):
    assert text(inner) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (("article",), "Mill\n\nThe wheel turns,\nand turns.\n\nFlour & bread."),
        ((".none", "nav"), "Home"),
        (("p",), "The wheel turns,\nand turns.\n\nFlour & bread."),
        (("article, p",), "Mill\n\nThe wheel turns,\nand turns.\n\nFlour & bread."),
    ],
)
def test_the_first_selector_that_finds_words_gives_the_text(content, expected):
    assert read(PAGE, content=content).text == expected


def test_what_is_to_be_removed_is():
    assert read(PAGE, remove=("h1", "p b")).text == "The eel turns,\nand turns.\n\nFlour & bread."


def test_a_first_line_that_is_a_date_is_the_date():
    assert read("<article>May 2004<br><br>It was May 5, 2003.</article>").date == "2004-05"
    assert read("<article>It was in May 2004, when the wheel still turned, that</article>").date == ""


@pytest.mark.parametrize("page", [PAGE, "<html></html>", "<title>Not here</title>", "no tags at all"])
def test_a_page_without_the_content_is_a_drop(page):
    assert read(page, content=(".speech",)).reason == "no content: no words in .speech"


@pytest.mark.parametrize(
    ("head", "encoding", "read_as"),
    [
        ("", "utf-8", "utf-8"),
        ("", "windows-1252", "windows-1252"),
        ('<meta charset="utf-8">', "utf-8", "utf-8"),
        ('<meta charset="utf-8">', "windows-1252", "windows-1252"),
        ("<META http-equiv=Content-Type content='text/html; charset=ISO-8859-1'>", "windows-1252", "windows-1252"),
        ('<meta charset="iso-8859-2">', "iso-8859-2", "iso8859-2"),
        ('<meta charset="windows-1251">', "windows-1251", "cp1251"),
        ('<meta charset="shift_jis">', "cp932", "cp932"),
        ('<meta charset="utf-16">', "utf-8", "utf-8"),
        ('<meta charset="no-such">', "utf-8", "utf-8"),
        ('<meta charset="iso-8859-1">', "utf-8-sig", "utf-8"),
        ('<meta charset="iso-8859-1">', "utf-16", "utf-16-le"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_truly_has(head, encoding, read_as):
    word = {"windows-1251": "мельница", "cp932": "粉挽き小屋"}.get(encoding, "Mühle")
    found = read(f"<html><head>{head}</head><body><p>{word}</p></body></html>".encode(encoding))
    assert (found.text, found.meta["encoding"]) == (word, read_as)


def test_a_selector_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"'p\[' is no CSS selector"):
        Options(kind="html", content=("p[",))


@pytest.mark.parametrize("element", ["div", "b", "p", "font"])
def test_a_page_that_is_deeper_than_any_honest_one_loses_no_word(element):
    assert text(f"<{element}>" * 3_000 + "deep") == "deep"
    assert "".join(text("".join(f"<{element}>w{n} " for n in range(3_000))).split()) == "".join(
        f"w{n}" for n in range(3_000)
    )


@pytest.mark.parametrize(
    "part",
    ["<!--", "<", "<a b", '<a href="', "<a " + "b=c " * 20, "<?", "<!", "<![CDATA[", "<![x>", "</", "&#", "<p>x</p>"],
)
def test_a_hostile_page_takes_no_longer_than_an_honest_one(part):
    try:
        result = read(part * (40_000 // len(part)))
    except ParseError:
        return
    assert isinstance(result, Document) or result.reason.startswith("no content: ")


PARTS = (b"<", b">", b"<p", b"</article>", b"<!--", b"-->", b'"', b"&#x", b"<![CDATA[", b"<br>", b"<td>", b"charset=")


@settings(max_examples=80, deadline=None)
@given(spoiled(PAGE.encode(), *PARTS))
def test_only_a_parse_error_escapes(body):
    survives(html, body, Options(kind="html", remove=("nav",), date="meta"))
