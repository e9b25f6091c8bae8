"""What it came to when something was done again: one of four verdicts, and what speaks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["identical", "same data, other numerics", "different", "impossible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A version built or a run trained once more, beside what is in the store."""

    ref: str
    verdict: Outcome
    compared: str = ""  # what was laid beside what, in words
    difference: str = ""  # the first
    why: tuple[str, ...] = ()  # what was otherwise this time; of what is impossible, what is in the way

    @property
    def holds(self) -> bool:
        """Whether what is in the store can be had again."""
        return self.verdict in ("identical", "same data, other numerics")


def changed(what: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """What differs between two records of a machine or its libraries, a line each."""
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{what}{name}: {then.get(name, 'unknown')} then, {now.get(name, 'unknown')} now"


def code_changed(then: str, now: str) -> str:
    """Why other code cannot tell whether the same code would do the same again."""
    return f"the code is not the same: {then} then, {now} now (its digests)"
