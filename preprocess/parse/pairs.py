"""Sentence pairs, one a line: a sentence, a tab, its translation; a third column may say whose they are.

    Go.<tab>Va !<tab>CC-BY 2.0 (France) Attribution: tatoeba.org #2877272 (CM) & #1158250 (Wittydev)

A document is a pair, the tab between its sides. Its group is the first side, so that all translations of a sentence
fall into one split: else a model would be tested on sentences it has learnt.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop, RawFile
from preprocess.clean.mend import spaces
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text import cutting
from preprocess.text.decode import decode, unix

_SIDES = 2
LARGEST = 32 << 20  # of a file without line breaks
_PATIENCE = 10_000  # lines without a pair, after which a file is given up
_UNEVEN = re.compile(r"[^\S ]|  ")  # what a line without white space but single spaces has not
_COLUMNS = range(_SIDES, 4)  # with and without attribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for sentence pairs."""

    spaces: Literal["plain", "keep"] = "plain"  # no-break and thin spaces: some writers' French has them, most has not


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """Pairs in their order, and a drop for each line that is none; `before` lines of the file came before.

    Raises ParseError for a file without any pair, or with none for very long.
    """
    if before and not body.strip():
        return
    decoded = decode(body, options.encoding)
    found = bool(before)
    for number, line in enumerate(unix(decoded.text).split("\n"), before + 1):
        if line.strip():
            result = _pair(file, number, *_columns(line, options), decoded.meta)
            found = found or isinstance(result, Document)
            yield result
        if number == _PATIENCE and not found:
            break
    if not found:
        raise ParseError("no pairs: no line has two columns with a tab between", "give a file of sentence pairs")


def cut(body: bytes, options: Options) -> tuple[int, int]:
    """Where the last whole line of a body that goes on ends, and how many lines those are."""
    return cutting.lines(body, options.encoding)


def _columns(line: str, options: Options) -> tuple[list[str], int]:
    """The columns of a line, and how many of their spaces were made plain."""
    columns = line.split("\t")
    plain = options.spaces == "plain"
    mended = [spaces(column) if plain and _UNEVEN.search(column) else (column, 0) for column in columns]
    return [column.strip() for column, _ in mended], sum(count for _, count in mended)


def _pair(file: RawFile, number: int, columns: list[str], mended: int, meta: dict[str, Any]) -> Document | Drop:
    if len(columns) not in _COLUMNS:
        return drop(file, f"line {number}", f"no pair: line {number} has {len(columns)} columns")
    if not all(columns[:_SIDES]):
        return drop(file, f"line {number}", f"no pair: a side of line {number} is empty")
    more: dict[str, Any] = {"attribution": columns[_SIDES]} if columns[_SIDES:] else {}
    more |= {"spaces": mended} if mended else {}
    text = "\t".join(columns[:_SIDES])
    return document(file, f"line {number}", text, group=columns[0], meta={"line": number} | more | meta)
