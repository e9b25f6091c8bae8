"""What of a text a model could have copied: trace."""

import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import ParseError, UnknownNameError
from corpusmill.store import refs
from corpusmill.types import Snapshot

if TYPE_CHECKING:
    from corpusmill.trace import Match, Trace

_SHOWN = 300  # characters of a match on the terminal; --json has them all
_TOLD = (5, 10, 15, 20, 30, 40, 50)  # sizes of runs whose novelty is on the terminal


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog='Example: corpusmill trace bible "And God said, Let there be light" --min 12')(trace)


def trace(
    ref: Annotated[str, typer.Argument(metavar="RUN", help="bible/runs/ID, bible@v3, or bible for its latest.")],
    text: Annotated[str, typer.Argument(metavar="TEXT|-", help="What to look for; - reads standard input.")],
    minimum: Annotated[int, typer.Option("--min", min=1, help="Characters of the shortest match.")] = 20,
    limit: Annotated[int, typer.Option(min=0, help="Matches to tell of, the longest first; 0 = all.")] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what of a text stands word for word in the training text, and where that was fetched."""
    from corpusmill.trace import trace as look

    opened = open_store(store)
    found = refs.resolve(opened, ref)
    if isinstance(found, Snapshot):
        raise UnknownNameError(f"{ref} is a snapshot", f"name a run or a version: corpusmill versions {found.corpus}")
    asked = _read() if text == "-" else text
    with progress() as show:
        traced = look(opened, found, asked, minimum=minimum, limit=limit, progress=show)
    emit(traced, _told(traced), as_json=as_json)


def _read() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "convert it, e.g. with iconv -t utf-8"
        raise ParseError(f"standard input is not UTF-8: byte {error.start:,}", hint) from error


def _told(traced: "Trace") -> str:
    """A trace for people."""
    number = traced.matches_in_all
    matches = f"{number:,} match{'' if number == 1 else 'es'} of {traced.minimum:,} or more characters"
    share = f"{100 * traced.covered / traced.characters:.0f} %"
    lines = [f"{traced.version}: {matches}, {traced.covered:,} of {traced.characters:,} characters ({share})"]
    lines += [f"\n{_match(match)}" for match in traced.matches]
    if unlisted := number - len(traced.matches):
        lines.append(f"\n{unlisted:,} shorter ones: --limit 0 tells of all")
    shares = [f"{one.n}: {100 * one.share:.0f} %" for one in traced.novelty if one.n in _TOLD]
    if shares:
        lines.append(f"\nnew, of the runs of n characters   {'   '.join(shares)}")
    return "\n".join(lines)


def _match(match: "Match") -> str:
    """What was found, and below it the document and the fetch."""
    places = f", in {match.times:,} places" if match.times > 1 else ""
    title = f"{_printable(match.title)}, " if match.title else ""
    facts = (
        f"{title}document {match.document}, character {match.offset:,}{places}",
        _printable(match.source),
        f"fetched {match.fetched_at}, status {match.status}, robots {_printable(match.robots)}; {match.licence}",
    )
    words = repr(match.text[:_SHOWN]) + (" …" if len(match.text) > _SHOWN else "")
    head = f"{match.end - match.start:>6,} characters at {match.start:,}: {words}"
    return "\n".join([head, *(textwrap.indent(fact, " " * 7) for fact in facts)])


def _printable(text: str) -> str:
    """`text` with a mark for what would move the cursor or cannot be seen."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
