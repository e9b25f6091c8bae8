"""Text from a trained model: as it comes, several side by side, or the likeliest.

    sampler = Sampler.load(run, store)
    print("".join(sampler.stream("In the", Sampling(length=500, temperature=0.8, seed=7))))
    for text in sampler.texts("In the", Sampling(stop=("THE END",)), count=8): ...
    print(sampler.beam("In the", length=80, width=10).text)

Each character takes one random number of numpy's generator with the sample's seed. So the same seed gives the same text
on the same machine, in one call or another. What computes, numpy, compiled code or numpy with several texts side by
side, has the same weights (`sampling.packed`) and differs in the order of sums only, some 1e-6 of a logit: another
character is drawn where a random number lies so close to the border between two, and the texts part there.

A run of bytes or words writes these, so lengths count them; the beginning of a character in UTF-8 is held back until
the rest of it has come, and what cannot become one is U+FFFD. It knows no torch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from corpusmill.errors import UsageError
from corpusmill.store import Store
from corpusmill.types import Run
from model.load import load
from model.options import TrainOptions
from model.sampling import beam
from model.sampling.choose import PLAIN, Sampling, choose
from model.sampling.endings import ending, until
from model.sampling.packed import rounded
from model.step import Numbers, Prepared, Step
from model.weights import Weights
from preprocess.vocab import Ids, Tokens

Engine = Literal["auto", "numpy", "numba"]

LONG = 30_000  # characters read and written from which compiled code is worth loading, or even making
BLOCK = 64  # characters that compiled code writes at a time: a few thousandths of a second
SIDE_BY_SIDE = 64  # texts written at a time: more are hardly faster, and the first would be long in coming


@dataclass(frozen=True, slots=True)
class Sampler:
    """A model that writes. Every text is read and written on its own, so one sampler serves many."""

    weights: Weights
    vocabulary: Tokens
    options: TrainOptions
    _prepared: Prepared = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Multiply out and round once what all texts share."""
        object.__setattr__(self, "_prepared", rounded(Prepared.of(self.weights, self.options)))

    @classmethod
    def load(cls, run: Run, store: Store) -> "Sampler":
        """The sampler of a run's best weights. Raises CorruptError."""
        trained = load(run, store)
        return cls(trained.weights, trained.vocabulary, trained.options)

    def unseen(self, prime: str) -> Sequence[str]:
        """Which characters, or words, of a prime the model has never seen; it reads them as the unknown one."""
        return self.vocabulary.unseen(prime)

    def stream(self, prime: str = "", how: Sampling = PLAIN, *, engine: Engine = "auto") -> Iterator[str]:
        """What goes on from `prime`, which is not repeated, piece by piece; without one, from a document's start.

        The engine "auto" is numba where prime and length are `LONG` together, else numpy, whatever else there is: so a
        text does not depend on what was compiled before.
        """
        compiled = engine == "numba" or (engine == "auto" and len(prime) + how.length >= LONG)
        blocks = self._compiled(prime, how) if compiled else self._plain(prime, how)
        yield from until(self._decoded(blocks), how.stop)

    def texts(self, prime: str = "", how: Sampling = PLAIN, *, count: int) -> Iterator[str]:
        """`count` texts, each as `stream` gives it with the next seed, written side by side."""
        begun = self._read(prime)
        for first in range(0, count, SIDE_BY_SIDE):
            seeds = range(how.seed + first, how.seed + min(first + SIDE_BY_SIDE, count))
            yield from self._side_by_side(begun.times(len(seeds)), how, seeds)

    def beam(self, prime: str = "", *, length: int, width: int, stop: tuple[str, ...] = ()) -> beam.Found:
        """About the likeliest text that goes on from `prime`, as `sampling.beam` has it. Raises UsageError."""
        how = Sampling(length=length, stop=stop)
        if not 1 <= width <= beam.WIDEST:
            raise UsageError(f"a beam cannot be {width} wide", f"it is from 1 to {beam.WIDEST}")
        return beam.search(self._read(prime), self.vocabulary, how, width)

    def _ids(self, prime: str) -> Ids:
        return self.vocabulary.encode(prime or self.options.separator)

    def _decoded(self, blocks: Iterable[Ids]) -> Iterator[str]:
        decode = self.vocabulary.decoder()
        yield from map(decode, blocks)
        yield decode(self._ids("")[:0], final=True)

    def _read(self, prime: str) -> Step:
        step = Step(self._prepared)
        for known in self._ids(prime).tolist():
            step.read(known)
        return step

    def _plain(self, prime: str, how: Sampling) -> Iterator[Numbers]:
        """The ids of a text, one by one."""
        step, random = self._read(prime), np.random.default_rng(how.seed)
        for _ in range(how.length):
            chosen = choose(step.logits(), random.random(), how)
            yield chosen.reshape(1)
            step.read(int(chosen))

    def _compiled(self, prime: str, how: Sampling) -> Iterator[Numbers]:
        """The same, some at a time."""
        from model.sampling.compiled import Writer

        writer, random = Writer(self._prepared), np.random.default_rng(how.seed)
        writer.read(self._ids(prime))
        for begun in range(0, how.length, BLOCK):
            yield writer.write(how, random.random(min(BLOCK, how.length - begun)))

    def _side_by_side(self, step: Step, how: Sampling, seeds: range) -> list[str]:
        """A text for each seed; one that has reached a stop string is left alone."""
        randoms, texts = [np.random.default_rng(seed) for seed in seeds], [""] * len(seeds)
        decoders = [self.vocabulary.decoder() for _ in seeds]
        going = np.arange(len(seeds))
        for _ in range(how.length):
            chosen = choose(step.logits(), np.array([randoms[n].random() for n in going]), how)
            for place, n in enumerate(going):
                texts[n] += decoders[n](chosen[place : place + 1])
            if how.stop:
                on = np.flatnonzero([ending(texts[n], how.stop) is None for n in going])
                going, chosen = going[on], chosen[on]
                step.keep(on)
            if not len(going):
                break
            step.read(chosen)
        rests = (decode(self._ids("")[:0], final=True) for decode in decoders)
        texts = [text + rest for text, rest in zip(texts, rests, strict=True)]
        return [text[: ending(text, how.stop)] for text in texts]
