"""Wikitext -> plain text: what a reader of the page would read aloud, in one pass over the text.

    plain("'''Flour''' is [[milling|milled]] grain.{{citation needed}}")  ->  "Flour is milled grain."

Templates, tables, references, files, categories and formulas go, links keep their words, and headings and list items
lose their marks; a heading with nothing under it goes too. Whatever is opened and not closed is plain text, and so is
what is nested deeper than `DEEPEST`, so that no page takes longer than its length. It knows no XML and no dumps.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.entities import html5

DEEPEST = 40  # open brackets at once: what MediaWiki itself allows templates
FILES = ("file", "image", "media", "category")  # namespaces whose links show no words, in English
_TOKEN = re.compile(
    r"""(?P<open>\{\{ | \[\[ | ^[ \t:]*\{\| | \[(?=(?:https?:|ftp:|mailto:)?//|mailto:))
      | (?P<close>\}\} | ^[ \t]*\|\}(?!\}) | \]\]?)
      | (?P<comment><!--)
      | <(?P<end>/?)(?P<tag>[a-zA-Z]+)(?:[\s/][^<>]*)?>
      | (?P<quotes>'{2,})
      | (?P<switch>__[A-Z]{3,20}__)""",
    re.VERBOSE | re.MULTILINE,
)
_CLOSES = {"{{": "}}", "[[": "]]", "{|": "|}", "[": "]"}
_GONE = re.compile(  # tags that go with all that is in them
    "ref|references|gallery|math|chem|ce|timeline|imagemap|score|hiero|graph|mapframe|source|syntaxhighlight|"
    "templatedata|templatestyles|table|style|script|noinclude"
)
_LITERAL = re.compile("nowiki|pre")  # tags in which brackets are plain text
_BREAKS = re.compile("br|p|div|li|tr|dd|dt|ul|ol|dl|blockquote|poem|center")  # tags that end a line
_MARKS = re.compile(  # tags that go alone; others are no tags
    "abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|hr|i|includeonly|ins|kbd|mark|nobr|onlyinclude|q|rb|rp|rt|ruby|s|samp|"
    "section|small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:-[a-z-]{2,12})?"
)  # before the colon of a link to the same page in another language
_EMPTY = re.compile(r"[ \t]?\([\s,;:]*\)")  # brackets that held only what has gone
_ENTITY = re.compile(r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,31}));")
_SPACES = re.compile(r"[ \t\u00a0]+")


def plain(text: str, files: Iterable[str] = FILES) -> str:
    """The words of a page; `files` are names of namespaces, in lower case, whose links show none."""
    return "\n".join(_lines(_Reader(text, frozenset(files)).read()))


@dataclass(slots=True)
class _Frame:
    """A bracket that is open: how it was written, and what is in it so far."""

    opened: str
    kind: str
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    text: str
    files: frozenset[str]
    frames: list[_Frame] = field(default_factory=lambda: [_Frame("", "")])
    open: Counter[str] = field(default_factory=Counter)
    endless: set[str] = field(default_factory=set)  # tags that do not end any more

    def read(self) -> str:
        """The text without markup, lines apart."""
        at = 0
        while match := _TOKEN.search(self.text, at):
            self._add(_characters(self.text[at : match.start()]))
            at = self._take(match)
        self._add(_characters(self.text[at:]))
        while len(self.frames) > 1:
            self._give_up()
        return "".join(self.frames[0].parts)

    def _add(self, words: str) -> None:
        self.frames[-1].parts.append(words)

    def _take(self, match: re.Match[str]) -> int:
        """Act on a token; where to go on reading."""
        if match["open"]:
            self._begin(match)
        elif match["close"]:
            return self._close(match)
        elif match["comment"]:
            end = self.text.find("-->", match.end())
            return end + 3 if end >= 0 else len(self.text)
        elif match["tag"]:
            return self._tag(match)
        return match.end()  # quotes and switches only go

    def _begin(self, match: re.Match[str]) -> None:
        kind = match["open"].lstrip(" \t:")
        if len(self.frames) > DEEPEST:
            self._add(match[0])
        else:
            self.frames.append(_Frame(match[0], kind))
            self.open[_CLOSES[kind]] += 1

    def _close(self, match: re.Match[str]) -> int:
        end, after = match["close"].lstrip(), match.end()
        if end == "]]" and (self.frames[-1].kind == "[" or not self.open["]]"]):
            end, after = "]", after - 1
        if not self.open[end]:
            self._add(self.text[match.start() : after])
            return after
        while _CLOSES[self.frames[-1].kind] != end:
            self._give_up()
        self.open[end] -= 1
        self._add(self._shown(self.frames.pop()))
        return after

    def _give_up(self) -> None:
        """The innermost bracket is not closed: it is plain text."""
        frame = self.frames.pop()
        self.open[_CLOSES[frame.kind]] -= 1
        self.frames[-1].parts += [frame.opened, *frame.parts]

    def _shown(self, frame: _Frame) -> str:
        if frame.kind == "[[":
            return self._link("".join(frame.parts))
        if frame.kind == "[":
            return "".join(frame.parts).partition(" ")[2]
        return ""

    def _link(self, inner: str) -> str:
        target, bar, label = inner.partition("|")
        space, colon, _ = target.partition(":")
        if colon and (space.strip().lower() in self.files or (_LANGUAGE.fullmatch(space) and not bar)):
            return ""
        return label if bar else target.removeprefix(":")

    def _tag(self, match: re.Match[str]) -> int:
        name, after = match["tag"].lower(), match.end()
        if _BREAKS.fullmatch(name):
            self._add("\n")
        elif _GONE.fullmatch(name) or _LITERAL.fullmatch(name):
            if not match["end"] and not match[0].endswith("/>"):
                return self._element(name, after)
        elif not _MARKS.fullmatch(name):
            self._add(match[0])
        return after

    def _element(self, name: str, at: int) -> int:
        """Take all up to the end tag; where to go on reading, here if there is none."""
        if name in self.endless:
            return at
        match = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.text, at)
        if not match:
            self.endless.add(name)
            return at
        if _LITERAL.fullmatch(name):
            self._add(_characters(self.text[at : match.start()]))
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
    for written in _EMPTY.sub("", text).split("\n"):
        line = _SPACES.sub(" ", written).strip()
        level, said = _heading(line)
        if level:
            headings = [*((other, name) for other, name in headings if other < level), (level, said)]
            continue
        said = line.lstrip("*#:;").strip()
        if not any(map(str.isalnum, said)):  # empty, or a full stop after a formula that has gone
            parted = parted or not said
            continue
        if (parted or headings) and not blank:
            yield ""
        for _, name in headings:
            yield name
            yield ""
        yield said
        headings, blank, parted = [], False, False


def _heading(line: str) -> tuple[int, str]:
    """Its level and its words; level 0 for another line."""
    said = line.strip("=").strip()
    if not (line.startswith("=") and line.endswith("=") and said):
        return 0, line
    return len(line) - len(line.lstrip("=")), said
