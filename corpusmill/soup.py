"""HTML text -> its tree, in a time that grows with the length of the page alone, whatever is in it.

Beautiful Soup on Python's own parser, which reads any page, with four of their habits undone, each of which lets a
small page take hours: what is cut off at the end is not looked through again from every sign on, nesting ends where
browsers end it, a ``<br>`` is forgotten once it is read, and nobody climbs to the root for each element. No text is
lost.
"""

import re
import warnings
from collections.abc import Collection
from typing import Any

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder
from bs4.element import Tag
from bs4.filter import SoupStrainer

DEEPEST = 512  # elements within one another; where Chromium and WebKit end too
_LONG_REFERENCE = re.compile(r"&#[0-9]{9,}")  # no character; Python refuses to read a number of thousands of digits
_ONE_AFTER_ANOTHER = ("a", "dd", "dt", "li", "option", "p", "td", "th", "tr")  # many are never closed


def tree(text: str, only: Collection[str] = ()) -> BeautifulSoup:
    """The tree; of the elements `only`, which is much faster, or of all."""
    strainer = SoupStrainer(list(only)) if only else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        builder = _Builder(store_line_numbers=False)
        return _Soup(_LONG_REFERENCE.sub("&#xFFFD", text), builder=builder, parse_only=strainer)


class _Soup(BeautifulSoup):
    """A tree to which a parser only appends: what follows the last element is nothing, however deep it is."""

    def _linkage_fixer(self, el: Tag) -> None:
        """Mend nothing: Beautiful Soup would go up to the root after each element to look for what follows."""


class _Parser(BeautifulSoupHTMLParser):
    """Reads any page in a time that grows with its length alone."""

    def handle_starttag(self, tag: str, *args: Any, **more: Any) -> None:
        """Open an element, inside the last one only where and as deep as browsers do."""
        opened = self.soup.tagStack
        if len(opened) > DEEPEST or (tag in _ONE_AFTER_ANOTHER and opened[-1].name == tag):
            self.soup.endData()  # the text so far is the element's that ends here
            self.soup.popTag()
        super().handle_starttag(tag, *args, **more)
        self.already_closed_empty_element.clear()  # searched from its beginning at every end tag

    def parse_marked_section(self, i: int, report: bool = True) -> int:  # noqa: ARG002 - Python's signature
        """``<![x`` is a comment, as in browsers; Python asserts that only some x exist."""
        return self.parse_bogus_comment(i)

    def close(self) -> None:
        """What is open at the end is dropped, as in browsers; Python would read it as text, sign by sign."""


class _Builder(HTMLParserTreeBuilder):
    def feed(self, markup: str) -> None:  # type: ignore[override]
        super().feed(markup, _parser_class=_Parser)
