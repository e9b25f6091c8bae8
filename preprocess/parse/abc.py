"""Tunes in ABC notation, many in one file: ``X:`` starts each, and each is a document.

    X: 1
    T:The Miller's Reel
    M:4/4
    K:G
    |:G2BG dGBG|…:|

A line that begins with ``%`` is a comment, which the standard (ABC 2.1) says to ignore: a drop, unless kept. A tune
without a key or without music is a drop, and so is text before the first tune.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, drop

_FIELD = re.compile(r"([A-Za-z+]):(.*)")  # a line of information; "|:" begins music
_META = {"M": "meter", "L": "length", "R": "rhythm", "S": "source", "C": "composer", "O": "origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for tunes."""

    comments: bool = False  # keep them in the text


@dataclass(slots=True)
class _Tune:
    """Lines from one ``X:`` to the next, comments apart; the first value of each field counts."""

    lines: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    music: bool = False

    def add(self, line: str) -> None:
        """Take one line."""
        self.lines.append(line)
        if match := _FIELD.match(line):
            self.fields.setdefault(match[1], match[2].partition("%")[0].strip())
        elif line.strip() and not line.startswith("%"):
            self.music = True

    @property
    def lacks(self) -> str:
        """What it needs to be a tune, or nothing."""
        if not self.fields.get("K"):
            return "no key (K:)"
        return "" if self.music else "no music"


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """The tunes of a file in their order. Raises ParseError where there is none."""
    decoded = decode(body, options.encoding)
    head, *tunes = _blocks(unix(decoded.text))
    if not tunes:
        raise ParseError("not ABC: no line begins with X:", "give a file of tunes")
    if any(line.strip() for _, line in head):
        yield drop(
            file, "header", f"header: {sum(map(len, (line for _, line in head)))} characters before the first tune"
        )
    for place, block in enumerate(tunes, 1):
        tune = _Tune()
        for number, line in block:
            if line.startswith("%") and not options.comments:
                yield drop(file, f"line {number}", f"comment: line {number}")
            else:
                tune.add(line)
        if tune.lacks:
            yield drop(file, place, f"no tune: X:{tune.fields.get('X', '')} has {tune.lacks}")
            continue
        meta = {"tune": place, "number": tune.fields["X"], "key": tune.fields["K"]}
        meta |= {name: tune.fields[letter] for letter, name in _META.items() if tune.fields.get(letter)}
        text = "\n".join(tune.lines).strip("\n")
        yield document(file, place, text, title=tune.fields.get("T", ""), meta=meta | decoded.meta)


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines before the first ``X:``, then those of each tune."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("X:"):
            yield block
            block = []
        block.append((number, line))
    yield block
