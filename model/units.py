"""What the units of a network do as it reads a text: how often gates are saturated, and which units follow what.

A gate is saturated to the left below 0.1 and to the right above 0.9 (Karpathy, Johnson & Li 2015, section 4.2): a
forget gate on the right remembers, on the left forgets. A unit follows a feature of the text as far as the two
correlate (Pearson) over its characters: of an LSTM the cell, else the hidden state. Features are those of a character
once it was read, so an opening quote is inside already and a closing one outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.activations import Block
from model.options import TrainOptions
from model.step import ARRANGED, SIGMOIDS

LEFT, RIGHT = 0.1, 0.9
TOLD = 5  # units of each feature
NOTHING = 1e-9  # share of the squares that rounding may leave of a spread
QUOTES = {"\N{LEFT DOUBLE QUOTATION MARK}": True, "\N{RIGHT DOUBLE QUOTATION MARK}": False}
BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True)
class Saturation:
    """How much of a layer's gate is saturated, over all units and characters."""

    layer: int
    gate: str
    left: float  # share below 0.1
    right: float  # share above 0.9


@dataclass(frozen=True, slots=True)
class Follower:
    """A unit that follows a feature; below 0 it does the opposite."""

    layer: int
    unit: int
    correlation: float


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a text has at every character, and the units that follow it most."""

    feature: str
    mean: float  # share of the characters inside, or mean position
    units: tuple[Follower, ...]  # none where it is the same everywhere


class Reader:
    """Says character by character what a text has; `NAMES` are its columns."""

    NAMES = ("inside quotes", "inside brackets", "position in line")

    def __init__(self) -> None:
        """At a text's start."""
        self._quoted, self._depth, self._position, self._last = False, 0, 0, ""

    def read(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Features [n, 3] after each of the next n characters, or pieces; an empty line ends what was left open."""
        rows = np.empty((len(texts), len(self.NAMES)))
        for place, text in enumerate(texts):
            for character in text:
                self._take(character)
            rows[place] = self._quoted, self._depth > 0, self._position
        return rows

    def _take(self, character: str) -> None:
        if character == self._last == "\n":
            self._quoted, self._depth = False, 0
        self._quoted = not self._quoted if character == '"' else QUOTES.get(character, self._quoted)
        self._depth = max(self._depth + BRACKETS.get(character, 0), 0)
        self._position = 0 if character == "\n" else self._position + 1
        self._last = character


class Summary:
    """Sums over blocks, from which both come; they take as much room as a few rows."""

    def __init__(self, options: TrainOptions) -> None:
        """Of nothing yet."""
        self._cell = options.cell
        self._part = "cell" if options.cell == "lstm" else "hidden"
        self._gates = ARRANGED[options.cell][: SIGMOIDS[options.cell]]
        self._saturated = {gate: np.zeros((2, options.layers)) for gate in self._gates}
        shape, features = (options.layers, options.hidden), len(Reader.NAMES)
        self._units, self._squares, self._both = np.zeros(shape), np.zeros(shape), np.zeros((features, *shape))
        self._features, self._feature_squares = np.zeros(features), np.zeros(features)
        self._reader, self._count, self._size, self.nats = Reader(), 0, options.hidden, 0.0

    def add(self, block: Block) -> None:
        """Count these characters in."""
        features, values = self._reader.read(block.texts), block.state[self._part].astype(np.float64)
        for gate, sums in self._saturated.items():
            sums += [(block.state[gate] < LEFT).sum((0, 2)), (block.state[gate] > RIGHT).sum((0, 2))]
        self._units += values.sum(0)
        self._squares += (values * values).sum(0)
        self._both += np.tensordot(features, values, (0, 0))
        self._features += features.sum(0)
        self._feature_squares += (features * features).sum(0)
        self._count += len(features)
        self.nats += float(block.nats.sum())

    def saturation(self) -> tuple[Saturation, ...]:
        """Of each layer's gates that are sigmoids."""
        shares = {gate: (sums / (self._count * self._size)).round(4) for gate, sums in self._saturated.items()}
        return tuple(
            Saturation(layer, gate, float(left[layer]), float(right[layer]))
            for layer in range(len(self._units))
            for gate, (left, right) in shares.items()
        )

    def features(self) -> tuple[Feature, ...]:
        """Each with the units that follow it most."""
        means = (self._features / self._count).round(4).tolist()
        return tuple(Feature(name, means[n], self._followers(n)) for n, name in enumerate(Reader.NAMES))

    def _followers(self, feature: int) -> tuple[Follower, ...]:
        count, total, squares = self._count, self._features[feature], self._feature_squares[feature]
        apart = count * self._both[feature] - total * self._units
        spreads = count * self._squares - self._units**2, count * squares - total**2  # as much as rounding is none
        varies = (spreads[0] > NOTHING * count * self._squares) & (spreads[1] > NOTHING * count * squares)
        correlations = apart / np.sqrt(np.where(varies, spreads[0] * spreads[1], np.inf))
        order = np.argsort(-np.abs(correlations), axis=None, kind="stable")[:TOLD]
        places = [divmod(int(place), self._size) for place in order]
        return tuple(Follower(*place, round(float(correlations[place]), 4)) for place in places if varies[place])
