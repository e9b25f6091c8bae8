"""A web page -> the text of the article in it, by trafilatura, with the beginning it misses and less of what it leaves.

    found = article.find(page_text)   # None where there is none, or the page is beyond what trafilatura can bear

The same page always gives the same text: nothing is remembered from page to page (trafilatura's own deduplication is
off), and no clock is asked. It knows no bytes, no files and no corpus.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree, html  # type: ignore[import-untyped]

from preprocess.text import dates, markup

_LONGEST = 2 << 20  # characters of a page: 150 MB while it is read
_MOST_TAGS = 60_000  # trafilatura takes up to 0.1 ms for each, and the square of the links in one block
_DEEPEST = 120  # elements within one another: trafilatura is recursive, and honest pages stay below 40
_MOST_ATTRIBUTES = 1_000  # of one tag: libxml2 compares each with each; a script after a "<" may look like as many
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2199-12-31"}  # its default is today
_LINES = dict.fromkeys(("lb", "br", "item", "row", "cell"), "\n")  # begin a line
_PARTS = dict.fromkeys(("p", "head", "list", "quote", "code", "table", "div", "ab", "body"), "\n\n")
_DAYS = (  # names of <meta>
    *("article:published_time", "og:article:published_time", "datepublished", "dcterms.created", "dcterms.issued"),
    *("dc.date.issued", "dc.date", "dcterms.date", "date", "pubdate", "publish-date", "sailthru.date"),
)
_DECLARED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_UNREAD = (etree.LxmlError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)

_ALIKE = 40  # characters in which a lead and the page's description begin alike
_ENDS = (".", "!", "?", "…", ":", '"', "”", "“", "»", "«", "’", ")", "。", "؟")
_SHORT = 1_500  # characters of a lead or an aside; what is longer is the article itself
_LEAD_LINKED = 0.4  # share of a lead that may be links
_ASIDE_LINKED = 0.8  # share of a paragraph from which on it only points elsewhere
_MOST_ASIDE = 0.3  # share of an article that may be asides; more, and the names mean something else
_INNER = frozenset(
    ("p", "div", "section", "article", "table", "ul", "ol", "dl", "blockquote", "main", "header", "form")
)
_OUTER = _INNER | {"em", "small", "span", "strong", "h2", "h3", "h4"}
_NO_LEAD = frozenset(("nav", "aside", "footer", "form", "figure", "noscript", "a", "li", "head", "script", "style"))
_APART = re.compile(  # class and id of what stands in an article and is none of it
    r"(?:^|[\s_-])(?:(?:about|post|entry)[\s_-]?(?:the[\s_-]?)?author|author[\s_-]?(?:box|bio|info|profile|desc|card)"
    r"|autor(?:en)?[\s_-]?(?:box|info|profil)|saboxplugin|disclosure|disclaimer|copyright|credits?|breadcrumbs?"
    r"|newsletter|read[\s_-]?(?:more|also|next)|related|recommend(?:ed|ations?)?|paywall|subscri(?:be|ption)"
    r"|advert(?:isement|orial)?s?|sponsor(?:ed)?|promo(?:tion)?|reviewed)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_LEAD = re.compile(
    r"(?:^|[\s_-])(?:lead|lede|intro|introduction|teaser|standfirst|vorspann|preface|ingress|dek|chapo|chapeau|entradilla"
    r"|sommario|excerpt|subtitle|subhead|subheadline|einleitung)(?:$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Article:
    """The words of an article, and what the page says of it."""

    text: str
    title: str
    author: str
    date: str


def find(page: str) -> Article | None:
    """The article of a page. None where there is none, or where finding it could take longer than its length allows."""
    tree = _tree(page)
    if tree is None:
        return None
    import trafilatura
    from trafilatura.settings import Document as Extracted

    _hash_stop_words_once()
    try:
        found = trafilatura.bare_extraction(tree, include_comments=False)
        said = trafilatura.extract_metadata(tree, date_config=dict(_DATES))
    except _UNREAD:  # it promises only None; what it stumbles over is read as a page without an article
        return None
    paragraphs = _paragraphs(found.body) if isinstance(found, Extracted) and not _is_everything(found.body) else []
    if not paragraphs:
        return None
    date = _published(tree)
    lines = {_flat(pre.text_content()): pre.text_content().strip("\n").rstrip() for pre in tree.iter("pre")}
    etree.strip_elements(tree, "script", "style", "noscript", "template", with_tail=False)
    blocks = list(_blocks(tree))
    kept = [lines.get(_flat(words), words) for words in _without_asides(paragraphs, blocks)]
    text = "\n\n".join([*_lead(_description(tree), kept, blocks), *kept])
    return Article(text, said.title or "", said.author or "", date)


def _hash_stop_words_once() -> None:
    """Keep justext's words as a set, which remembers its hash: it looks them up by that, and they are 150,000."""
    from trafilatura import external

    if not isinstance(external.JT_STOPLIST, frozenset):
        external.JT_STOPLIST = frozenset(external.jt_stoplist_init())  # type: ignore[assignment] # it begins as None


def _is_everything(body: html.HtmlElement) -> bool:
    """Whether it is trafilatura's last resort: all text nodes of a page in one paragraph, a line each."""
    return len(body) == 1 and len(body[0]) == 0 and "\n" in (body[0].text or "").strip()


def _tree(page: str) -> html.HtmlElement | None:
    """The page as libxml2 reads it, unless it is so long, deep or dense that reading it would not be linear."""
    if len(page) > _LONGEST or page.count("<") > _MOST_TAGS or markup.most_attributes(page) > _MOST_ATTRIBUTES:
        return None
    parser = html.HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(_NO_XML.sub("", page).encode(), parser=parser)
    except etree.LxmlError:  # nothing but comments, say
        return None
    return tree if _depth(tree) <= _DEEPEST else None


def _depth(tree: html.HtmlElement) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _paragraphs(body: html.HtmlElement) -> list[str]:
    """The paragraphs of trafilatura's tree: a line for each item and cell, the lines of code as they are."""
    text = re.sub(" *\n *", "\n", re.sub(" +", " ", "".join(_pieces(body))))
    return [paragraph.strip("\n ") for paragraph in re.split("\n{2,}", text) if paragraph.strip()]


def _pieces(body: html.HtmlElement) -> Iterator[str]:
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if event == "start":
            yield _LINES.get(element.tag) or _PARTS.get(element.tag, "")
            yield _written(element.text, element)
        else:
            yield _PARTS.get(element.tag, "")
            yield _written(element.tail, element.getparent()) if element is not body else ""


def _written(text: str | None, within: html.HtmlElement) -> str:
    if not text:
        return ""
    return text if within.tag == "code" else re.sub(r"\s+", " ", text)


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of a page with no other part in it, as it stands there."""

    words: str
    linked: float  # share of its words that are links
    paragraph: bool
    apart: bool  # in something that is named an aside
    barred: bool  # in a list, a figure, a footer: no lead
    lead: bool  # named one


def _blocks(tree: html.HtmlElement) -> Iterator[_Block]:
    """The innermost parts of a page, in order."""
    apart = barred = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        names = _names(element)
        step = 1 if event == "start" else -1
        apart += step * bool(_APART.search(names))
        barred += step * (element.tag in _NO_LEAD)
        if event == "start" and element.tag in _OUTER and not any(child.tag in _INNER for child in element):
            words = _flat(element.text_content())
            if words and len(words) < _SHORT:
                linked = sum(len(_flat(a.text_content())) for a in element.iter("a")) / len(words)
                lead = bool(_LEAD.search(f"{names} {_names(element.getparent())}"))
                yield _Block(words, linked, element.tag == "p", apart > 0, apart + barred > 0, lead)


def _without_asides(paragraphs: list[str], blocks: Iterable[_Block]) -> list[str]:
    """Less the paragraphs that the page itself names otherwise, and those that only point elsewhere."""
    asides = {block.words for block in blocks if block.apart or (block.paragraph and block.linked > _ASIDE_LINKED)}
    kept = [words for words in paragraphs if _flat(words) not in asides]
    return kept if sum(map(len, kept)) >= (1 - _MOST_ASIDE) * sum(map(len, paragraphs)) else paragraphs


def _lead(description: str, kept: list[str], blocks: Iterable[_Block]) -> list[str]:
    """The paragraph before the article that the page describes itself with, or names its lead; at most one."""
    text = _flat(" ".join(kept))
    for block in blocks:
        if block.words[:_ALIKE] in text:
            if block.words[:_ALIKE] == text[:_ALIKE] and len(block.words) > _ALIKE:
                return []
            continue
        described = bool(description) and block.words[:_ALIKE] == description[:_ALIKE]
        sentence = len(block.words) >= _ALIKE and block.words.endswith(_ENDS)
        if sentence and (described or block.lead) and not block.barred and block.linked <= _LEAD_LINKED:
            return [block.words]
    return []


def _description(tree: html.HtmlElement) -> str:
    for meta in tree.iter("meta"):
        if (meta.get("name") or meta.get("property") or "").lower() in ("description", "og:description"):
            words = _flat(meta.get("content") or "")
            if len(words) >= _ALIKE:
                return words
    return ""


def _names(element: html.HtmlElement | None) -> str:
    """Class and id in words: ``articleIntro`` is ``article-Intro``."""
    names = "" if element is None else f"{element.get('class') or ''} {element.get('id') or ''}"
    return names if names.islower() or names == " " else _HUMP.sub("-", names)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _published(tree: html.HtmlElement) -> str:
    """The day a page was published, as it says itself: trafilatura's own search completes dates by today's."""
    said = {
        (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(): meta.get("content") or ""
        for meta in reversed(list(tree.iter("meta")))
    }
    linked = (
        day[1]
        for script in tree.iter("script")
        if script.get("type") == "application/ld+json" and (day := _DECLARED.search(script.text or ""))
    )
    timed = (time.get("datetime") or _flat(time.text_content())[:_ALIKE] for time in tree.iter("time"))
    found = (dates.iso(day) for day in (*map(said.get, _DAYS), *linked, *timed) if day)
    return next(filter(None, found), "")
