"""Rules of quality: ``[clean] keep = ["alphabetic >= 0.6", "duplicate_lines <= 0.3"]``.

A rule compares one signal with one limit (`preprocess.clean.signals` says what there is to compare). It knows no
text: what it judges is the number that was kept, so another limit needs no other parsing.
"""

import re
from dataclasses import dataclass
from typing import Literal

from corpusmill.errors import SpecError
from corpusmill.spec import nearest
from preprocess.clean.signals import SIGNALS

_RULE = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*")
_NAME = re.compile(r"\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A document is kept where ``signal sign limit`` holds."""

    signal: str
    sign: Literal[">=", "<="]
    limit: float

    def refusal(self, value: float) -> str:
        """Why a document with this value is left out, ``signal: in words``; nothing where it is kept."""
        if value < self.limit if self.sign == ">=" else value > self.limit:
            side = "below" if self.sign == ">=" else "above"
            return f"{self.signal}: {_plain(value)} is {side} {_plain(self.limit)}"
        return ""


def resolve(rule: str, where: str) -> Rule:
    """``signal >= limit`` or ``signal <= limit`` -> the rule. Raises SpecError, naming the file `where` it is."""
    name = _NAME.match(rule)
    if name and name[1] not in SIGNALS:
        raise SpecError(f"{where}: clean.keep: no signal is named {name[1]!r}", nearest(name[1], SIGNALS, "signals"))
    found = _RULE.fullmatch(rule)
    if not found:
        raise SpecError(f"{where}: clean.keep: {rule!r} is no rule", "write it as alphabetic >= 0.6")
    return Rule(found[1], ">=" if found[2] == ">=" else "<=", float(found[3]))


def _plain(value: float) -> str:
    """A number as people write it: every place that a signal has, no exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
