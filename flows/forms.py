"""What a deployment may be asked for, as forms: Prefect shows a field for each, its description and its choices.

Of a flow's own parameters Prefect takes the descriptions from the flow's docstring.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from corpusmill import spec
from corpusmill.types import Split
from model.options import Engine

_OFFERED: dict[str, Any] = {  # the catalogue as choices, and beside it any other text
    "anyOf": [
        {"type": "string", "title": "of the catalogue", "enum": spec.names()},
        {"type": "string", "title": "your own"},
    ]
}
Corpus = Annotated[str, Field(json_schema_extra=_OFFERED)]


class _Form(BaseModel):
    """A mistyped key is refused rather than overlooked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Training(_Form):
    """How to train; what is left empty is as the corpus says."""

    minutes: float | None = Field(default=None, gt=0, description="Time to train, in minutes.")
    engine: Literal["as declared", Engine] = Field(
        default="as declared", description="What computes the recurrent layers."
    )
    seed: int | None = Field(default=None, ge=0, description="Same seed, same text, same machine: the same weights.")
    settings: tuple[str, ...] = Field(
        default=(), description="Any key of the corpus file, as train.hidden=384 or split.scheme=legacy:nanogpt."
    )

    def overrides(self) -> tuple[str, ...]:
        """The same as ``--set`` takes it; the fields win."""
        engine = None if self.engine == "as declared" else self.engine
        named = {"minutes": self.minutes, "engine": engine, "seed": self.seed}
        return (*self.settings, *(f"train.{key}={value}" for key, value in named.items() if value is not None))


class Writing(_Form):
    """What the model is asked to write."""

    prime: str = Field(default="", description="Text to go on from; empty means as a document starts.")
    length: int = Field(default=500, ge=1, le=1_000_000, description="Characters of each text.")
    temperature: float = Field(default=0.8, ge=0, le=100, description="0 takes the likeliest; 1 is the model's own.")
    count: int = Field(default=3, ge=1, le=1000, description="How many texts.")
    seed: int = Field(default=0, ge=0, description="Same seed, same texts.")


class Scoring(_Form):
    """What the model is judged on."""

    split: Literal["held out", Split] = Field(
        default="held out",
        description="A split; held out: the test split, or the validation split where there is none.",
    )
    characters: int = Field(default=100_000, ge=0, description="At most so many of it, from its start; 0 = all.")


AS_DECLARED, HELD_OUT, SOME = Training(), Scoring(), Writing()
"""The forms as they are before anybody fills them in."""
