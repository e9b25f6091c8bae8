from collections.abc import Callable, Mapping

from preprocess.parse.mediawiki import Options

OPTIONS = (
    Options(kind="mediawiki"),
    Options(kind="mediawiki", form="raw", redirects="keep"),
    Options(kind="mediawiki", namespaces=(0, 1, 10), truncated="refuse"),
)

_HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="en">
  <siteinfo>
    <sitename>Mills</sitename>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="1" case="first-letter">Talk</namespace>
      <namespace key="14" case="first-letter">Category</namespace>
    </namespaces>
  </siteinfo>
"""
_PAGE = """  <page>
    <title>{title}</title>
    <ns>{ns}</ns>
    <id>{number}</id>
    <revision>
      <id>{number}00</id>
      <timestamp>2016-04-22T10:19:33Z</timestamp>
      <contributor><username>Ada</username><id>7</id></contributor>
      <text xml:space="preserve">{text}</text>
    </revision>
  </page>
"""
_TEXT = """{{Infobox mill|wheels={{frac|1|2}}}}
'''Flour''' ({{lang|de|Mehl}}; {{IPAc-en|f}}) is [[milling|milled]] ''grain''.&lt;ref name=a&gt;Miller&lt;/ref&gt;
[[File:Mill.jpg|thumb|A [[mill]]]]
== Mills ==
* {{convert|5|ft|8|in|cm}} of &amp;nbsp;water&lt;!-- deep --&gt;
# &lt;math&gt;\\alpha^{2n}&lt;/math&gt;, 10&lt;sup&gt;5&lt;/sup&gt; [http://mill.example a page]
{| class=a
| b
|}
[[Category:Mills]]"""
_OLD = """<mediawiki version="0.3"><siteinfo><namespaces><namespace key="1">Talk</namespace></namespaces></siteinfo>
  <page><title>Talk:Mill</title><id>1</id><revision><id>2</id><text xml:space="preserve">Which mill?</text></revision>
  </page><page><title>Mill</title><id>3</id><revision><id>4</id><text>#REDIRECT [[Watermill]]</text></revision></page>
  <page><title>Weir</title><id>5</id><revision><id>6</id><text>A weir &amp;amp; a pond</text></revision></page>
  <page><title>Pond</title><id>7</id><revision><id>8</id><text>A po"""


def _page(text: str, number: int = 1, title: str = "Mill", ns: int = 0) -> str:
    return _PAGE.format(text=text, number=number, title=title, ns=ns)


GOOD = (
    f"{_HEAD}{_page(_TEXT)}{_page('Which?', 2, 'Talk:Mill', 1)}{_page('A weir.', 3, 'Weir')}</mediawiki>\n".encode(),
    _OLD.encode(),
    f"{_HEAD}{_page('#REDIRECT [[Watermill]]', 4)}</mediawiki>".encode(),
)
PARTS = (
    *(
        b"<page>",
        b"</page>",
        b"<title>",
        b"</title>",
        b"<text>",
        b"</text>",
        b"<id>1</id>",
        b"<ns>0</ns>",
        b"<redirect/>",
    ),
    *(
        b"</mediawiki>",
        b"<!DOCTYPE a>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"&lt;",
        b"&amp;",
        b"&bomb;",
        b"&#0;",
        b"&#xD800;",
    ),
    *(
        b"{{",
        b"}}",
        b"[[",
        b"]]",
        b"{|",
        b"|}",
        b"\n",
        b"|",
        b"''",
        b"==",
        b"&lt;ref&gt;",
        b"&lt;/ref&gt;",
        b"&lt;nowiki&gt;",
    ),
    *(
        b"&lt;nowiki&gt;",
        b"&lt;/ref&gt;",
        b"{{convert|",
        b"{{lang|",
        b"&lt;math&gt;",
        b"&lt;sup&gt;",
        b"{{{",
        b"[[File:",
        b"http://",
    ),
)


def _pages(size: int) -> bytes:
    page = _page(_TEXT, 1_000_000)
    pages = (_page(_TEXT, 1_000_000 + number) for number in range(max(1, size // len(page))))
    return (_HEAD + "".join(pages) + "</mediawiki>").encode()


def _filled(filler: str) -> Callable[[int], bytes]:
    """Pages of half a megabyte at most, filled with the same."""
    part = filler * ((1 << 19) // len(filler))

    def body(size: int) -> bytes:
        left = size % len(part)
        texts = [part] * (size // len(part)) + [part[: left - left % len(filler)]]  # an entity cut in two is no XML
        return (_HEAD + "".join(_page(text, 100 + n) for n, text in enumerate(texts)) + "</mediawiki>").encode()

    return body


def _repeated(part: bytes) -> Callable[[int], bytes]:
    return lambda size: _HEAD.encode() + part * (size // len(part))


_FILLERS = {
    "templates": "{{",
    "links": "[[a|",
    "tables": "{|\n",
    "closed tables": "{|\n|}\n",
    "references": "&lt;ref&gt;",
    "quotes": "''' ''",
    "brackets": "]",
    "addresses": "[http://a ",
    "entities": "&amp;amp;",
    "tags": "&lt;a ",
    "breaks": "&lt;br&gt;",
    "comments": "&lt;!--",
    "headings": "= a =\n",
    "spaces": " ",
    "parentheses": "( ; , ",
    "commas": " ,;",
    "lines": "\n",
    "short lines": "a\n",
    "parameters": "{{{a",
    "nested": "{{small|" * 30 + "}}" * 30,
    "words": "{{c|1}}",
    "linked": "[[a]]",
    "categories": "[[a:b]] x[[a:",
    "formulas": "&lt;math&gt;{{{a}",
    "conversions": "{{convert|1|-|2|x}}",
    "raised": "&lt;sup&gt;1",
}
GROWING: Mapping[str, Callable[[int], bytes]] = {
    "records": _pages,
    "one page": lambda size: (_HEAD + _page("A mill grinds. " * (size // 15)) + "</mediawiki>").encode(),
    "pages without end": _repeated(b"<page>"),
    "empty pages": _repeated(b"<page/>"),
    "elements": _repeated(b"<a/>"),
    "entities in a title": _repeated(b"<page><title>&amp;</title></page>"),
    "attributes": lambda size: _HEAD.encode() + b"<page " + b'a="b" ' * (size // 6) + b">",
    "nothing": lambda size: b"\xff" * size,
    **{name: _filled(filler) for name, filler in _FILLERS.items()},
}
