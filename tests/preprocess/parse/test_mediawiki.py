from xml.sax.saxutils import escape

import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.parse.mediawiki import Options, cut, parse
from tests.preprocess.snapshots import raw_file

HEAD = (
    '<mediawiki version="0.10"><siteinfo><namespaces><namespace key="0" /><namespace key="1">Talk</namespace>'
    '<namespace key="6">Datei</namespace></namespaces></siteinfo>\n'
)


def page(title: str = "Mill", text: str = "A mill grinds.", number: int = 1, more: str = "<ns>0</ns>") -> str:
    revision = f"<revision><id>{number}00</id><timestamp>2016-04-22T10:19:33Z</timestamp><text>{escape(text)}</text>"
    return f"  <page>\n<title>{title}</title>{more}<id>{number}</id>{revision}</revision></page>\n"


def dump(*pages: str) -> bytes:
    return (HEAD + "".join(pages) + "</mediawiki>").encode()


def read(body: bytes, **options):
    return list(parse(raw_file("https://mill.example/dump.xml"), body, Options(kind="mediawiki", **options)))


def test_a_page_is_a_document_with_its_title_date_and_revision():
    (mill,) = read(dump(page(text="'''A''' &amp;lt; [[mill|wheel]][[Datei:a.jpg]]")))
    assert (mill.text, mill.title, mill.date) == ("A &lt; wheel", "Mill", "2016-04-22T10:19:33Z")
    assert mill.meta == {"id": "1", "revision": "100"}


def test_raw_pages_are_the_dumps_own_bytes():
    pages = [page(), page("Mühle", "<b>", 2)]
    assert "\n".join(d.text for d in read(dump(*pages), form="raw")) + "\n" == "".join(pages)


def test_a_raw_page_after_something_else_on_its_line_is_itself_alone():
    first, second = read(dump(page().strip() + page("Weir", number=2).strip()), form="raw")
    assert (first.text, second.text) == (page().strip(), page("Weir", number=2).strip())


@pytest.mark.parametrize(
    ("page_", "reason"),
    [
        (page(more="<ns>1</ns>"), "namespace: 1, Mill"),
        (page("Talk:Mill", more=""), "namespace: 1, Talk:Mill"),
        (page("Mill: a play", more=""), None),
        (page(more='<ns>0</ns><redirect title="Watermill" />'), "redirect: Mill"),
        (page(text="#redirect [[Watermill]]"), "redirect: Mill"),
        (page(text="{{stub}}"), "empty: Mill"),
        (page(text=""), "empty: Mill"),
    ],
)
def test_what_is_no_article_is_a_drop(page_, reason):
    (result,) = read(dump(page_))
    assert getattr(result, "reason", None) == reason


def test_namespaces_are_declared():
    results = read(dump(page(), page(number=2, more="<ns>1</ns>")), namespaces=(1,))
    assert [isinstance(result, Document) for result in results] == [False, True]


@pytest.mark.parametrize("form", ["text", "raw"])
@pytest.mark.parametrize(
    ("kept", "where"),
    [
        (HEAD + page() + page("Weir", number=2)[:-40], "the dump ends in page 'Weir' (id 2)"),
        (HEAD + page() + "<pa", "the dump ends after page 'Mill' (id 1)"),
        (HEAD + page(), "the dump ends after page 'Mill' (id 1)"),
        (HEAD[:30], "the dump ends before the first page"),
    ],
)
def test_a_dump_that_is_cut_off_gives_its_whole_pages_and_names_the_last_or_is_refused(kept, where, form):
    with pytest.raises(ParseError) as caught:
        read(kept.encode(), form=form, truncated="refuse")
    assert caught.value.message == f"truncated: {where}"
    *documents, last = read(kept.encode(), form=form)
    assert [d.title for d in documents] == ["Mill"] * ("Mill" in where or "Weir" in where)
    assert last.reason == f"truncated: {where}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty: "),
        (b"<html></html>", "not MediaWiki: it begins with <html>"),
        (b"<mediawiki><page/></mediawiki>", "not MediaWiki: a page without a title before the first page"),
        (b"Not Found", "not XML: syntax error"),
        (b"<!DOCTYPE mediawiki><mediawiki/>", "forbidden: a document-type declaration"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><mediawiki>&b;</mediawiki>', "forbidden: a document-type declaration"),
        (dump(page()).replace(b"grinds", b"&grinds;"), "not XML: undefined entity"),
        (dump(page()) + b"<a/>", "not XML: junk after document element"),
        (dump(page(), "<page></a></page>"), "not XML: mismatched tag: line 4, column 8 after page 'Mill' (id 1)"),
        (b"<mediawiki>" + b"<a>" * 10_000, "not MediaWiki: more than 12 elements inside one another"),
        (dump(page()).replace(b"grinds", b"\xff"), "not XML: not well-formed"),
        (dump(page()).replace(b"grinds", b"\xed\xa0\x80"), "not XML: not well-formed"),
        (dump(page()).decode().encode("utf-16"), "not XML: UTF-16"),
    ],
)
def test_what_is_no_dump_is_refused(body, message):
    with pytest.raises(ParseError) as caught:
        read(body)
    assert caught.value.message.startswith(message)


def test_redirects_are_kept_where_that_is_declared():
    (kept,) = read(dump(page(text="#REDIRECT [[Watermill]]")), redirects="keep")
    assert kept.text == "REDIRECT Watermill"


def test_a_page_that_comes_twice_counts_once():
    mill, again = read(dump(page(), page()))
    assert (mill.title, again.reason) == ("Mill", "repeated: page 1")


def test_a_page_that_no_wiki_would_hold_is_left_out():
    (result,) = read(dump(page(text="a " * (2 << 20) + "a")))
    assert result.reason == "too large: 4,194,305 characters, Mill"


MANY = [page(f"Mühle {n}", f"Wheel {n} & stone.", n, "<ns>0</ns>" if n % 3 else "<ns>1</ns>") for n in range(1, 40)]


@pytest.mark.parametrize("form", ["text", "raw"])
@pytest.mark.parametrize(
    "whole",
    [dump(*MANY), dump(*MANY)[:-200], dump(*(p.replace("<id>", "<x>", 1).replace("</id>", "</x>", 1) for p in MANY))],
)
def test_a_dump_in_pieces_gives_what_the_whole_gives(whole, form):
    options, file = Options(kind="mediawiki", form=form), raw_file("https://mill.example/dump.xml")
    pieces, rest, before = [], whole, 0
    while len(rest) > 3_000:
        end, records = cut(rest[:3_000], options)
        pieces += parse(file, rest[:end], options, before=before)
        rest, before = rest[end:], before + records
    assert before > 20
    assert [*pieces, *parse(file, rest, options, before=before)] == list(parse(file, whole, options))


FOREIGN = dump(page(more="")).replace(b"Talk<", b"Diskussion<").replace(b"Datei<", b"File<")


@pytest.mark.parametrize(
    ("body", "cuts"),
    [
        (dump(page()), True),
        (FOREIGN, False),
        (FOREIGN.replace(b"Diskussion", b"Talk"), True),
        (HEAD.encode() + b"<page>", False),
        (dump(page()).replace(b"A mill", b"<!-- </page> -->A mill"), False),
        (dump(page()).replace(b"A mill", b"<![CDATA[</page>]]>A mill"), False),
        (b"\xff\xfe" + dump(page()), False),
    ],
)
def test_a_dump_is_cut_where_a_piece_needs_nothing_of_the_others(body, cuts):
    end, records = cut(body, Options(kind="mediawiki"))
    assert (body[:end].endswith(b"</page>"), records) == (cuts, int(cuts))
