"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

State = Literal["well", "mind", "wrong"]
WELL: State = "well"
MIND: State = "mind"  # it works, and somebody should know
WRONG: State = "wrong"  # a promise does not hold here


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact, how it is, and what to do about it."""

    check: str
    state: State
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """On one line."""
        return f"{self.state:<5}  {self.check:<10}  {self.what}{f': {self.hint}' if self.hint else ''}"
