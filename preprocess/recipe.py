"""The sections ``[parse]``, ``[clean]``, ``[split]`` and ``[expect]`` of a corpus, checked and resolved.

It touches no data, so a mistake is found before the network is.
"""

import platform
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

import msgspec

from corpusmill.errors import SpecError
from corpusmill.spec import nearest, options
from corpusmill.store.shards import COLUMNS
from corpusmill.types import Corpus
from preprocess import parse
from preprocess.clean import rules, steps
from preprocess.clean.rare import RareOptions
from preprocess.clean.rules import Rule
from preprocess.clean.signals import SIGNALS
from preprocess.clean.steps import Step
from preprocess.decide.near import NearOptions
from preprocess.decide.split import SplitOptions
from preprocess.expect import ExpectOptions
from preprocess.parse import ParseOptions, Parser

CODE = ("preprocess", "corpusmill.store", "corpusmill.archive", "corpusmill.soup")
"""The packages whose source decides what a version holds."""
_DECIDING = ("beautifulsoup4", "ftfy", "lxml", "mido", "numpy", "rensa", "trafilatura", "xxhash", "zstandard")


@cache
def libraries() -> dict[str, str]:
    """The versions of all else that decides it, Python and its table of characters too."""
    found = {name: metadata.version(name) for name in _DECIDING}
    return {"python": platform.python_version(), "unicode": unicodedata.unidata_version, **found}


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """Keys of ``[clean]``."""

    steps: tuple[str, ...] = ("line_ends", "nfc")
    dedup: bool = True  # drop exact duplicates
    near: NearOptions | None = None  # what counts as a near-duplicate, and what is done with it
    signals: tuple[str, ...] = ()  # measures of quality, each a column (`preprocess.clean.signals`)
    keep: tuple[str, ...] = ()  # rules on signals, such as "alphabetic >= 0.6"; what breaks one is dropped
    rare: RareOptions | None = None  # what is done with characters that hardly occur

    def __post_init__(self) -> None:
        """Refuse a signal that nobody measures."""
        for name in self.signals:
            if name not in SIGNALS:
                raise ValueError(f"no signal is named {name!r}; {nearest(name, SIGNALS, 'signals')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a corpus is built."""

    parser: Parser
    parse: ParseOptions
    clean: CleanOptions
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    split: SplitOptions
    expect: ExpectOptions

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals that are measured: those asked for and those that rules need, sorted."""
        return tuple(sorted({*self.clean.signals, *(rule.signal for rule in self.rules)}))

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Name and type of each column that a version has besides those that all have."""
        return (*((name, "float64") for name in self.signals), *self.parse.columns.items())

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
    parsed = options(parser.Options, corpus.parse, where, "parse")
    clean = options(CleanOptions, corpus.clean, where, "clean")
    recipe = Recipe(
        parser=parser,
        parse=parsed,
        clean=clean,
        steps=tuple(steps.resolve(step, where) for step in clean.steps),
        rules=tuple(rules.resolve(rule, where) for rule in clean.keep),
        split=options(SplitOptions, corpus.split, where, "split"),
        expect=options(ExpectOptions, corpus.expect, where, "expect"),
    )
    _refuse_taken(recipe, where)
    return recipe


def _refuse_taken(recipe: Recipe, where: str) -> None:
    """Raise SpecError for a declared column whose name another has."""
    for name in recipe.parse.columns:
        if name in COLUMNS or name in recipe.signals or not name.isidentifier():
            hint = (
                "columns are named as in the documents' meta, and not as a column that every version has or as a signal"
            )
            raise SpecError(f"{where}: parse.columns: {name!r} cannot be a column", hint)
