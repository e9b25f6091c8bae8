r"""LaTeX as TeX would read it, as far as marks go: what opens and closes, what is a comment, where a section begins.

It expands no macros. Passed over are comments, verbatim parts, the bodies of definitions (nothing is opened by
``\newcommand{\be}{\begin{a}}``) and all after ``\end{document}``. It serves sources and models' samples alike.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

VERBATIM = frozenset(
    {"verbatim", "verbatim*", "Verbatim", "lstlisting", "minted", "comment", "filecontents", "filecontents*"}
)
_SECTIONS = "part|chapter|section"
_MARK = re.compile(
    rf"""(?P<open>\{{) | (?P<close>\}})
      | (?P<comment>%[^\n]*)
      | \\(?P<verb>verb|lstinline)(?![a-zA-Z])\*?(?P<quote>[^\w\s*\[{{])[^\n]{{0,200}}?(?P=quote)
      | \\(?P<kind>begin|end)[ \t]*\{{(?P<name>[^{{}}\n]{{1,80}})\}}
      | \\(?P<section>{_SECTIONS})\*?[ \t]*(?:\[[^\]\n]{{0,200}}\][ \t]*)?(?=\{{)
      | (?P<title>\\title)[ \t]*(?:\[[^\]\n]{{0,200}}\][ \t]*)?(?=\{{)
      | (?P<define>\\(?:(?:re)?new|provide|DeclareRobust)(?:command|environment)|\\[egx]?def)(?![a-zA-Z])
      | (?P<stop>\\endinput)(?![a-zA-Z])
      | \\[^a-zA-Z]                                      # an escaped sign is none
    """,
    re.VERBOSE,
)
_DEFINED = re.compile(  # from the command that defines to the opening brace of a body; possessive, so never tried twice
    r"\*?+\s{0,9}+(?>\{[^{}\n]{1,80}+\}|\\(?:[a-zA-Z@]{1,80}+|.))"
    r"(?:\s{0,9}+\[[^\]\n]{0,200}+\]){0,2}+[^{}\\%\n]{0,80}+\s{0,9}+(?=\{)"
)
_BODY = re.compile(r"\\.|%[^\n]*|[{}]", re.DOTALL)
_NEXT = re.compile(r"\s{0,9}%?\s{0,9}(?=\{)")
_LONGEST_TITLE = 300
_DEEPEST = 255  # groups within each other, TeX's own limit ("grouping levels", e-TeX manual 2.5)
_NAMED = 5  # faults that are named
_COUNTED = 10_000  # faults that are counted: a text with more is no LaTeX


class Mark(NamedTuple):
    """A sign in force: its kind (open, close, begin, end, section, title, comment), what it names, where it stands."""

    kind: str
    name: str
    at: int

    def __str__(self) -> str:
        """As it is written."""
        return {"open": "{", "close": "}"}.get(self.kind) or f"\\{self.kind}{{{self.name}}}"


@dataclass(slots=True)
class Survey:
    """What a text has: environments that begin, and what is opened and not closed, or closed and not open."""

    title: str = ""
    environments: int = 0
    unbalanced: int = 0
    named: list[Mark] = field(default_factory=list)  # the first of the unbalanced

    def fault(self, mark: Mark) -> None:
        """Count a sign that lacks its fellow."""
        self.unbalanced += 1
        if len(self.named) < _NAMED:
            self.named.append(mark)


def marks(text: str) -> Iterator[Mark]:
    """Every sign in force, in order, in a time that grows with the text's length alone."""
    at = 0
    while match := _MARK.search(text, at):
        kind, at = match.lastgroup, match.end()
        if kind in ("open", "close", "comment"):
            yield Mark(kind, "", match.start())
        elif kind == "name":
            yield Mark(match["kind"], match["name"], match.start())
            if match["kind"] == "end" and match["name"] == "document":
                return
            if match["kind"] == "begin" and match["name"] in VERBATIM:
                end = text.find(f"\\end{{{match['name']}}}", at)
                at = len(text) if end < 0 else end
        elif kind in ("section", "title"):
            yield Mark(kind, _argument(text, at), match.start())
        elif kind == "define":
            at = _after_definition(text, at, 1 + match[0].endswith("environment"))
            if at < 0:  # the rest of the text is a body that does not end
                yield Mark("open", "", match.start())
                return
        elif kind == "stop":
            return


def survey(found: Iterable[Mark]) -> Survey:
    """What the marks of a text say of it."""
    told, still = Survey(), list[Mark]()
    names: Counter[str] = Counter()
    for mark in found:
        if mark.kind == "title":
            told.title = told.title or mark.name
        elif mark.kind in ("open", "begin"):
            if len(still) == _DEEPEST:
                told.fault(mark)
                break
            told.environments += mark.kind == "begin"
            still.append(mark)
            names[mark.name] += 1
        elif mark.kind in ("close", "end"):
            _close(mark, still, names, told)
            if told.unbalanced >= _COUNTED:
                break
    for mark in still:
        told.fault(mark)
    return told


def _close(mark: Mark, still: list[Mark], names: Counter[str], told: Survey) -> None:
    """Take from what is open all that a closing sign closes; what is open within that is a fault, as TeX has it."""
    if not names[mark.name]:  # of a brace the name is empty
        told.fault(mark)
        return
    while (inner := still.pop()).name != mark.name:
        names[inner.name] -= 1
        told.fault(inner)
    names[mark.name] -= 1


def sections(text: str) -> Iterator[tuple[str, int, int]]:
    """The title of each part, chapter or section, where it begins and where it ends; what stands before has none."""
    title, start = "", 0
    for mark in marks(text):
        if mark.kind == "section":
            if mark.at > start:
                yield title, start, mark.at
            title, start = mark.name, mark.at
    if start < len(text):
        yield title, start, len(text)


def without_comments(text: str) -> tuple[str, int]:
    """The text without what only people read, and how many comments that were.

    A line of comment goes whole; behind words a comment leaves its percent sign where that ends the line unseen.
    """
    kept, at, count = list[str](), 0, 0
    for mark in marks(text):
        if mark.kind == "comment":
            end = text.find("\n", mark.at)
            end = len(text) if end < 0 else end
            before = text[at : mark.at]
            line = before.rpartition("\n")[2]
            alone = not line.strip() and (at == 0 or "\n" in before or text[at - 1] == "\n")
            if alone:
                kept.append(before[: len(before) - len(line)])
                at = min(end + 1, len(text))
            else:
                plain = before.rstrip(" \t")
                kept += [plain] if plain != before else [before, "%"]
                at = end
            count += alone or end > mark.at + 1
    return "".join([*kept, text[at:]]), count


def _argument(text: str, at: int) -> str:
    """What stands between the brace at a place and its fellow, on one line; nothing where that is far."""
    depth = 0
    for match in _BODY.finditer(text, at, at + _LONGEST_TITLE):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return " ".join(text[at + 1 : match.start()].split())
    return ""


def _after_definition(text: str, at: int, bodies: int) -> int:
    """Where the bodies of a definition end, -1 if one does not; `at` if this defines nothing that has any."""
    match = _DEFINED.match(text, at)
    while match and bodies:
        depth, bodies = 0, bodies - 1
        for sign in _BODY.finditer(text, match.end()):
            depth += {"{": 1, "}": -1}.get(sign[0], 0)
            if not depth and sign[0] == "}":
                at = sign.end()
                break
        else:
            return -1
        match = _NEXT.match(text, at)
    return at
