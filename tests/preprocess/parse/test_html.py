import pytest

from corpusmill.errors import ParseError
from preprocess.parse.html import Options, parse
from tests.preprocess.parse.cases.html import GOOD
from tests.preprocess.snapshots import raw_file

PAGE = """<!DOCTYPE html><html><head><title> The
 Mill </title><meta property="said" content="2017-07-28T15:46:00-04:00"><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><article><h1>Mill</h1><p>The <b>wh</b>eel&nbsp;turns,<br>and turns.</p><!-- no -->
<script>track()</script><p>Flour &amp; bread.</p></article><footer>Contact</footer></body></html>"""

ARTICLE = GOOD[0].decode()


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


def test_without_selectors_it_is_the_article_and_what_the_page_says_of_it():
    found = read(ARTICLE)
    there = ("Stones", "\nIt is café au lait.\n\nWheat & rye\nOats", "\n\n  x = 1\n  y = 2\n\n")
    assert [words in found.text for words in there] == [True] * 3
    assert [words in found.text for words in ("Home", "advertisement", "Contact", "color")] == [False] * 4
    assert (found.title, found.author, found.date) == ("The Mill", "Ada Miller", "2017-07-28")


@pytest.mark.parametrize(
    ("block", "kept"),
    [
        ('<p class="author-box">Ada Miller grinds flour and words alike.</p>', False),
        ('<div class="related"><p>Ada Miller grinds flour and words alike.</p></div>', False),
        ('<p><a href="/more">Ada Miller grinds flour and words alike.</a></p>', False),
        ('<p>Ada Miller <a href="/more">grinds flour</a> and words alike.</p>', True),
        ('<p class="wide">Ada Miller grinds flour and words alike.</p>', True),
    ],
)
def test_what_the_page_itself_sets_apart_is_no_part_of_the_article(block, kept):
    page = ARTICLE.replace("<h2>Stones</h2>", f"{block}<h2>Stones</h2>")
    assert ("alike." in read(page).text) is kept


@pytest.mark.parametrize(
    ("named", "intro", "found"),
    [
        ("lead", "A mill that had stood still for forty years turns again.", True),
        ("articleIntro", "A mill that had stood still for forty years turns again.", True),
        ("", "A mill that had stood still for forty years turns again, said all.", False),
        ("", "The description of the page, which is what it says of itself.", True),
        ("lead", "Home / News / Mills and what they grind in our village", False),
        ("lead", "A mill turns.", False),
        ("lead related", "A mill that had stood still for forty years turns again.", False),
    ],
)
def test_a_lead_before_the_article_is_a_sentence_that_is_named_so_or_describes_the_page(named, intro, found):
    about = (
        '<meta name="description" content="The description of the page, which is what it says of itself, at length">'
    )
    words = "".join(f"<p>The {n} wheels turn, and the {n} stones, grinding slowly, make flour.</p>" for n in range(20))
    page = (
        f'<html><head>{about}</head><body><h1>Mill</h1><p class="{named}">{intro}</p><article>{words}</article></body>'
    )
    assert (intro in read(page).text) is found


def test_a_page_gives_the_same_text_whatever_was_read_before():
    pages = [ARTICLE, PAGE, ARTICLE.replace("Stones", "Wheels"), ARTICLE]
    first = [read(page) for page in pages]
    assert [read(page) for page in reversed(pages)] == first[::-1]


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ('<meta itemprop="datePublished" content="2011-05-04">', "2011-05-04"),
        ('<script type="application/ld+json">{"datePublished": "2011-05-04T10:00"}</script>', "2011-05-04"),
        ('<time datetime="2011-05-04">yesterday</time>', "2011-05-04"),
        ("<time>May 4, 2011</time>", "2011-05-04"),
        ('<meta name="date" content="2011 May">', ""),  # no day, and none is taken from the clock
        ("", ""),
    ],
)
def test_the_date_is_what_the_page_says_never_the_clock(date, iso):
    assert (
        read(f"<html><head>{date}</head><body><article><p>{'The mill turns. ' * 40}</p></article></body>").date == iso
    )


@pytest.mark.parametrize("more", ["<p>x</p>" * 40_000, "x" * 3_000_000, "<div>" * 400, f"<p {'a=b ' * 2_900}>"])
def test_a_page_that_is_too_long_or_too_tangled_for_that_is_read_plainly(more):
    assert read(f"<body>{more}The last word.</body>").text.endswith("The last word.")


def test_a_page_of_tags_alone_is_refused():
    with pytest.raises(ParseError, match="too many tags: 200,000"):
        read("<b>" * 200_000)


def test_a_page_can_be_cut_into_passages():
    words = [" ".join(f"Mill {m} turns {n} times." for n in range(9)) for m in range(40)]
    page = f"<html><title>Mill</title><body><article><p>{'<p>'.join(words)}</article></body></html>".encode()
    whole = read(page)
    passages = list(parse(raw_file("https://mill.example/page"), page, Options(kind="html", unit="passage")))
    assert len(passages) > 19
    assert "".join("".join(found.text for found in passages).split()) == "".join(whole.text.split())
    assert {found.title for found in passages} == {"Mill"}
    assert len({found.id for found in passages}) == len(passages)
