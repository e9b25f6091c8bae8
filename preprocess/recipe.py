"""The sections ``[parse]``, ``[clean]``, ``[split]`` and ``[expect]`` of a corpus, checked and resolved.

It touches no data, so a mistake is found before the network is.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from corpusmill.errors import SpecError
from corpusmill.spec import options
from corpusmill.types import Corpus
from preprocess import parse
from preprocess.expect import ExpectOptions
from preprocess.parse import ParseOptions, Parser
from preprocess.split import SplitOptions
from preprocess.steps import Step, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """Keys of ``[clean]``."""

    steps: tuple[str, ...] = ("line_ends", "nfc")
    dedup: bool = True  # drop exact duplicates


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a corpus is built."""

    parser: Parser
    parse: ParseOptions
    clean: CleanOptions
    steps: tuple[Step, ...]
    split: SplitOptions
    expect: ExpectOptions

    @property
    def table(self) -> dict[str, Any]:
        """The resolved sections with every default filled in, as a manifest holds them."""
        sections = {"parse": self.parse, "clean": self.clean, "split": self.split, "expect": self.expect}
        resolved: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(sections))
        return resolved


def check(corpus: Corpus) -> Recipe:
    """The recipe that a corpus declares. Raises SpecError naming file, key and nearest match."""
    where = corpus.declared_in or corpus.name
    kind = corpus.parse.get("kind")
    if not isinstance(kind, str):
        raise SpecError(f"{where}: parse.kind is missing", f"kinds: {', '.join(parse.kinds())}")
    parser = parse.load(kind, where)
    clean = options(CleanOptions, corpus.clean, where, "clean")
    return Recipe(
        parser=parser,
        parse=options(parser.Options, corpus.parse, where, "parse"),
        clean=clean,
        steps=tuple(resolve(step, where) for step in clean.steps),
        split=options(SplitOptions, corpus.split, where, "split"),
        expect=options(ExpectOptions, corpus.expect, where, "expect"),
    )
