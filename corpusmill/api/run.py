"""A run, opened: a trained model to sample from and to score with, and where it came from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from corpusmill import lineage
from corpusmill.api import show
from corpusmill.api.version import OpenVersion
from corpusmill.errors import CorruptError, UsageError
from corpusmill.lineage import Graph
from corpusmill.store import Store, pins, refs
from corpusmill.store.ids import sha256
from corpusmill.types import Run, Split

if TYPE_CHECKING:
    from model.dynamic import Dynamic, Rule
    from model.sample import Sampler
    from model.score import Score
    from preprocess.vocab import Tokens

METRICS = "metrics.jsonl"


@dataclass(frozen=True, repr=False)  # without slots: weights are kept once they were read
class OpenRun:
    """A run and the store that it lies in."""

    manifest: Run
    store: Store

    @property
    def ref(self) -> str:
        """How the command line names it, ``bible/runs/3fa9…``."""
        return self.manifest.ref

    @property
    def folder(self) -> Path:
        """Where it lies: weights as safetensors, metrics and samples as JSON."""
        return self.store.run_folder(self.manifest.corpus, self.manifest.id)

    @property
    def version(self) -> OpenVersion:
        """The version that it learnt from. Raises UnknownNameError where that is gone."""
        return OpenVersion(refs.learnt_from(self.store, self.manifest), self.store)

    @property
    def vocabulary(self) -> "Tokens":
        """The characters, bytes or words that it knows. Raises CorruptError."""
        return self._sampler.vocabulary

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of its loss curve: iteration, seconds, nats_per_char, rate, validation. Raises CorruptError."""
        path = self.folder / METRICS
        body = path.read_bytes() if path.is_file() else b""
        if sha256(body) != self.manifest.digests.get(METRICS):
            raise CorruptError(f"{path} is missing or does not match the manifest", "restore it from a copy")
        return [msgspec.json.decode(line) for line in body.splitlines()]

    @property
    def report(self) -> Path | None:
        """Its report, one HTML file, or None where none was written: `corpusmill report` writes it."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    @property
    def lineage(self) -> Graph:
        """What it was made of and what was made of it, as a graph that prints itself."""
        return lineage.trace(self.store, self.ref)

    def sample(self, prime: str = "", length: int = 500, **how: Any) -> str:
        """`prime` and `length` characters that go on from it; without one, from where a document starts.

        `how` is what `model.sample.Sampling` has: temperature (0 takes the likeliest each time), top_k, top_p, min_p,
        stop (a tuple of strings, the first of which ends the text) and seed. Same seed, same text. Raises UsageError,
        CorruptError.
        """
        from model.sampling.choose import Sampling

        return prime + "".join(self._sampler.stream(prime, Sampling(length=length, **how)))

    def score(
        self,
        text: str | None = None,
        *,
        split: Split | None = None,
        reset: int = 0,
        dynamic: "Dynamic | Rule | None" = None,
    ) -> "Score":
        """How well it predicts a text or a split of its version: nats per character, bits per byte, perplexity.

        `reset` N zeroes the hidden state every N characters. `dynamic` lets a copy of the weights go on learning from
        what was scored: "rms" or "sgd", or what `model.dynamic.settings` gives. Raises UsageError, UnknownNameError,
        CorruptError.
        """
        from model import score
        from model.dynamic import settings

        if (text is None) == (split is None):
            raise UsageError("give a text or a split", 'score("…") or score(split="validation")')
        with pins.held(self.store, self.manifest):
            told = score.split_passage(self.manifest, self.store, split) if split else text or ""
            how = settings(dynamic) if isinstance(dynamic, str) else dynamic
            return score.score(self.manifest, self.store, told, split=split or "", reset=reset, dynamic=how)

    @cached_property
    def _sampler(self) -> "Sampler":
        from model.sample import Sampler

        with pins.held(self.store, self.manifest):
            return Sampler.load(self.manifest, self.store)

    def __repr__(self) -> str:
        return f"<{self.ref}: {self.manifest.best['bits_per_byte']:.3f} bits per byte, of {self.manifest.version_ref}>"

    def _repr_html_(self) -> str:
        return show.run(self.manifest, self.folder)
