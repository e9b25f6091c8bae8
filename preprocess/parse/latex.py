r"""LaTeX: each file is one document, its source as it stands; comments, macros and formulas are what there is to learn.

`unbalanced` says which environments a text opens and does not close; it is counted in `meta`, and says as much of a
model's sample as of a source.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, path_within

VERBATIM = ("verbatim", "verbatim*", "lstlisting", "comment", "filecontents", "filecontents*")  # nothing counts in them
_MARK = re.compile(
    r"""\\\\ | \\%                                   # a line break and a percent sign: the next character is no comment
      | %[^\n]*                                       # a comment
      | \\verb\*?(?P<quote>[^\w\s*]).{0,200}?(?P=quote)
      | \\(?P<kind>begin|end)[ \t]*\{(?P<name>[^{}\n]{1,80})\}
      | \\title\{(?P<title>[^{}]{1,200})\}""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for LaTeX."""


@dataclass(frozen=True, slots=True)
class Mark:
    r"""``\begin{name}`` or ``\end{name}`` that is in force, where it stands; or the title."""

    kind: str
    name: str
    at: int


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document. Raises ParseError for a file that is empty or no text."""
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    found = list(marks(text))
    path = path_within(file.url)
    title = next((mark.name for mark in found if mark.kind == "title"), path)
    meta = {
        "path": path,
        "environments": sum(mark.kind == "begin" for mark in found),
        "unbalanced": sum(1 for _ in unbalanced(found)),
    }
    yield document(file, "", text, title=title, meta=meta | decoded.meta)


def marks(text: str) -> Iterator[Mark]:
    """Environments that begin and end, comments and verbatim parts passed over, and the title, in one pass."""
    at = 0
    while match := _MARK.search(text, at):
        at = match.end()
        if match["title"]:
            yield Mark("title", " ".join(match["title"].split()), match.start())
        elif match["kind"]:
            yield Mark(match["kind"], match["name"], match.start())
            if match["kind"] == "begin" and match["name"] in VERBATIM:
                end = text.find(f"\\end{{{match['name']}}}", at)
                at = len(text) if end < 0 else end


def unbalanced(found: Iterable[Mark]) -> Iterator[str]:
    """What is opened and not closed, or closed and not open, in words with the offset."""
    still: list[Mark] = []
    names: Counter[str] = Counter()
    for mark in found:
        if mark.kind == "begin":
            still.append(mark)
            names[mark.name] += 1
        elif mark.kind == "end" and not names[mark.name]:
            yield rf"\end{{{mark.name}}} at {mark.at}"
        elif mark.kind == "end":
            while (inner := still.pop()).name != mark.name:
                names[inner.name] -= 1
                yield rf"\begin{{{inner.name}}} at {inner.at}"
            names[mark.name] -= 1
    for mark in still:
        yield rf"\begin{{{mark.name}}} at {mark.at}"
