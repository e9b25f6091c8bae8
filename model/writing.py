"""What a model is asked to write after its training. It knows no torch, so asking is fast."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """`count` texts, each with the next seed."""

    prime: str = ""  # text to go on from; empty = as a document starts
    length: int = 500  # characters, or bytes or words, of each
    temperature: float = 0.8
    count: int = 3
    seed: int = 0


SOME = Writing()
