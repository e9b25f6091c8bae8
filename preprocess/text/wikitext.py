"""Wikitext -> plain text: what a reader of the page would read aloud, in one pass over the text.

    plain("'''Flour''' is [[milling|milled]] grain.{{citation needed}}")  ->  "Flour is milled grain."

Boxes, tables, references, galleries, files, categories and displayed formulas go; links, short formulas
(`preprocess.text.formulas`) and the commonest inline templates (`preprocess.text.templates`) keep their words, and
headings and list items lose their marks; a heading with nothing under it goes too. Whatever is opened and not closed
is plain text, and so is what is nested deeper than `DEEPEST`, so that no page takes longer than its length. It knows
no XML and no dumps.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html.entities import html5

from preprocess.text import formulas, templates

DEEPEST = 40  # open brackets at once: what MediaWiki itself allows templates
_FILES = frozenset(("file", "image", "media", "category"))  # namespaces whose links show no words
# Every alternative begins with a literal, so that `re` looks for their first characters alone.
_TOKEN = re.compile(
    r"\{(?:\{\{[^{}|<\n]{1,100}(?:\|[^{}\n]{0,300})?\}\}\}|\{{159,}|\{|\|)"  # parameter; no markup; template; table
    r"|\[(?:\[{159,}|\[|(?=(?:https?:|ftp:|mailto:)?//|mailto:))"
    r"|\}(?:\}{159,}|\})|\](?:\]{159,}|\])?|\|\}(?!\})"
    r"|<(?:!--|(/?)([a-zA-Z]+)(?:[\s/][^<>]*)?>)|''+|__[A-Z]{3,20}__"
)
_CLOSES = {"{{": "}}", "[[": "]]", "{|": "|}", "[": "]"}
_RUN = 160  # brackets in a row that are none
_INDENT = 20  # characters looked at before a table
_GONE = re.compile(  # tags that go with all that is in them
    "ref|references|gallery|chem|ce|timeline|imagemap|score|hiero|graph|mapframe|maplink|source|syntaxhighlight|"
    "templatedata|templatestyles|table|style|script|noinclude|categorytree|inputbox|indicator"
)
_LITERAL = re.compile("nowiki|pre")  # tags in which brackets are plain text
_BREAKS = re.compile("br|p|div|li|tr|dd|dt|ul|ol|dl|blockquote|poem|center")  # tags that end a line
_MARKS = re.compile(  # tags that go alone; others are no tags
    "abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|hr|i|includeonly|ins|kbd|mark|nobr|onlyinclude|q|rb|rp|rt|ruby|s|samp|"
    "section|small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
_RAISED = re.compile(r"\s{0,3}([-+−–]?\d{1,6}[-+−–]?)\s{0,3}</sup\s*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z-]{2,12})?|simple")  # before the colon of the same page in another language
_MEDIA = re.compile(
    r"\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gav]|web[mp]|pdf|djvu|mp3|wav|flac|midi?|xcf)\s*", re.IGNORECASE
)
_FILED = re.compile(
    r"^(?:\[\[[^][\n:|]{1,40}:[^][\n]{1,250}\]\][ \t]{0,9})+$", re.MULTILINE
)  # categories, any language
_ENTITY = re.compile(r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,31}));")
_TIDY = (  # what is left where something has gone
    (re.compile(r"[ \t\u00a0]+"), " "),
    (re.compile(r" ?\((?:pronounced|pronunciation|pron\.|occasionally|IPA|listen|or|from|[\s,;:/–])*\)"), ""),
    (re.compile(r"\( ?(?:(?:pronounced|pronunciation|IPA)? ?[,;:] ?)*"), "("),
    (re.compile(r"(?: ?[,;])+ ?(?=[),;])| (?=\)|[,.](?:\s|$))"), ""),
    (re.compile(r"\n{3,}"), "\n\n"),
)
_REST = re.compile(r"[,;.:)] ")  # how a line begins of which the beginning has gone
_SAYS = re.compile(r"[^\W_]")


def plain(text: str) -> str:
    """The words of a page, paragraphs with an empty line between."""
    said = _Reader(_FILED.sub("", text)).read()
    for found, instead in _TIDY:
        said = found.sub(instead, said)
    return "\n".join(_lines(said))


class _Reader:
    """The text without markup; a stack of brackets that are open, each as it was written and with what is in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._frames: list[tuple[str, list[str]]] = []
        self._parts: list[str] = []  # of the innermost bracket
        self._open: Counter[str] = Counter()  # how many wait for each end
        self._endless: set[str] = set()  # tags that do not end any more
        self._acts: Mapping[str, Callable[[re.Match[str]], int]] = {
            "{": self._begin,
            "[": self._begin,
            "}": self._close,
            "]": self._close,
            "|": self._close,
            "<": self._tag,
        }

    def read(self) -> str:
        """The words, lines apart."""
        text, search, acts, at = self._text, _TOKEN.search, self._acts, 0
        while match := search(text, at):
            start = match.start()
            if start > at:
                self._parts.append(_characters(text[at:start]))
            act = acts.get(text[start])
            at = act(match) if act else match.end()  # quotes and switches only go
        self._parts.append(_characters(text[at:]))
        while self._frames:
            self._give_up()
        return "".join(self._parts)

    def _begin(self, match: re.Match[str]) -> int:
        opened, end = match[0], match.end()
        if len(opened) > len("[["):  # a template's parameter: its default
            self._parts.append(opened if len(opened) >= _RUN and opened[-1] != "}" else opened[3:-3].partition("|")[2])
        elif len(self._frames) >= DEEPEST or (opened == "{|" and not self._begins_line(match.start())):
            self._parts.append(opened)
        else:
            self._frames.append((opened, self._parts))
            self._parts = []
            self._open[_CLOSES[opened]] += 1
        return end

    def _begins_line(self, at: int) -> bool:
        before = self._text[max(0, at - _INDENT) : at]
        line = before.rpartition("\n")[2]
        return not line.strip(" \t:") and ("\n" in before or at < _INDENT)

    def _close(self, match: re.Match[str]) -> int:
        end, after = match[0], match.end()
        if end == "]]" and (not self._open["]]"] or self._frames[-1][0] == "["):
            end, after = "]", after - 1
        if not self._open[end] or (end == "|}" and not self._begins_line(match.start())):
            self._parts.append(self._text[match.start() : after])
            return after
        while _CLOSES[self._frames[-1][0]] != end:
            self._give_up()
        self._open[end] -= 1
        inner = "".join(self._parts)
        opened, self._parts = self._frames.pop()
        self._parts.append(self._shown(opened, inner))
        return after

    def _give_up(self) -> None:
        """The innermost bracket is not closed: it is plain text."""
        opened, outer = self._frames.pop()
        self._open[_CLOSES[opened]] -= 1
        outer += [opened, *self._parts]
        self._parts = outer

    def _shown(self, opened: str, inner: str) -> str:
        if opened == "[[":
            return self._link(inner)
        if opened == "{{":
            return templates.said(inner)
        return inner.partition(" ")[2] if opened == "[" else ""

    def _link(self, inner: str) -> str:
        target, bar, label = inner.partition("|")
        space, colon, page = target.partition(":")
        if colon and space:
            hidden = space.strip().lower() in _FILES or _MEDIA.search(page[-9:])
            if hidden or (not bar and _LANGUAGE.fullmatch(space)):
                return ""
        if bar and not label:  # the page's name without its prefix and without what tells it from others
            return (page or target).partition(" (")[0]
        return label if bar else target.removeprefix(":")

    def _tag(self, match: re.Match[str]) -> int:
        after = match.end()
        if not match[2]:
            end = self._text.find("-->", after)
            return end + 3 if end >= 0 else len(self._text)
        name, ends = match[2].lower(), match[1] or match[0].endswith("/>")
        if _BREAKS.fullmatch(name):
            self._parts.append("\n")
        elif name == "sup" and not ends and (number := _RAISED.match(self._text, after)):
            self._parts.append(templates.raised(number[1]))
            return number.end()
        elif name == "math" or _GONE.fullmatch(name) or _LITERAL.fullmatch(name):
            return after if ends else self._element(name, after)
        elif not _MARKS.fullmatch(name):
            self._parts.append(match[0])
        return after

    def _element(self, name: str, at: int) -> int:
        """Take all up to the end tag; where to go on reading, here if there is none."""
        if name in self._endless:
            return at
        match = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self._text, at)
        if not match:
            self._endless.add(name)
            return at
        said = self._text[at : match.start()]
        if name == "math":
            self._parts.append(formulas.plain(_characters(said)))
        elif _LITERAL.fullmatch(name):
            self._parts.append(_characters(said))
        return match.end()


def _characters(text: str) -> str:
    """Entities as their characters, once; what names no character stays."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    said = html.unescape(match[0]) if match[1] else html5.get(f"{match[2]};", match[0])
    return match[0] if said in ("", "\ufffd") else said


def _lines(text: str) -> Iterator[str]:
    """The lines that say something, an empty one between paragraphs, and headings with something under them."""
    headings: list[tuple[int, str]] = []
    blank = True  # whether nothing, or an empty line, was said last
    parted = False
    for written in text.split("\n"):
        line = written.strip()
        if line.startswith("=") and (level := _level(line)):
            said = line.strip("=").strip()
            headings = [*((other, name) for other, name in headings if other < level), (level, said)]
            continue
        said = line.lstrip("*#:;").strip()
        if _REST.match(said):
            said = "" if line.startswith(("*", "#")) else said[2:]
        if not _SAYS.search(said):  # empty, or a full stop after a formula that has gone
            parted = parted or not said
            continue
        if (parted or headings) and not blank:
            yield ""
        for _, name in headings:
            yield name
            yield ""
        yield said
        headings, blank, parted = [], False, False


def _level(line: str) -> int:
    """How deep a heading is; 0 for another line."""
    return len(line) - len(line.lstrip("=")) if line.endswith("=") and line.strip("= ") else 0
