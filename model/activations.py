"""What goes on inside a network as it reads a text: states, gates and guesses, a row a character, as Parquet.

    place, character, id              of a run of bytes or words: place, byte, id or place, word, id
    nats                              what it cost, given those before, as `score` has it
    guesses, chances                  the five that were likeliest in its place
    layer0_hidden, layer0_cell        the state after it was read, a number a unit; only an LSTM has cells
    layer0_i, layer0_f, layer0_g, layer0_o    the gates that made it: of a GRU r, z and n; of an RNN none

The letters are those of torch's documentation. Numbers are float32 as they are computed, in lists of one length; which
units they are of is in the schema's metadata, with run, version, cell and the unit that a row is of. Rows come in
groups of some megabytes, so memory does not grow with the text. The text is read from a zero state, which is carried
on.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.options import TrainOptions
from model.step import ARRANGED, STORED, Floats, Prepared, Step
from preprocess.vocab import Ids, Tokens

GUESSES = 5
GROUP_BYTES = 8 << 20  # of numbers in a group of rows
MOST_ROWS = 1 << 14  # in one

Units = Sequence[NDArray[np.int64]]
"""Which units of each layer are written."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some tokens in order, and what was inside after each of n."""

    start: int  # place of the first
    tokens: Sequence[str]  # [n], in writing
    texts: Sequence[str]  # [n], what of the text is whole with each: of bytes, some have none
    ids: Ids  # [n]
    nats: NDArray[np.float64]  # [n]
    guesses: NDArray[np.int64]  # [n, GUESSES], or all ids there are
    chances: Floats  # the same
    state: Mapping[str, Floats]  # [n, L, H]: hidden, an LSTM's cell, and a letter for each gate


def parts(options: TrainOptions) -> tuple[str, ...]:
    """What there is of every unit, in the order of the columns."""
    gates = () if options.cell == "rnn" else tuple(STORED[options.cell])
    return ("hidden", *(("cell",) if options.cell == "lstm" else ()), *gates)


def blocks(prepared: Prepared, options: TrainOptions, vocabulary: Tokens, text: str) -> Iterator[Block]:
    """Read a text from a zero state."""
    step, ids = Step(prepared), vocabulary.encode(text)
    tokens, ends = vocabulary.tokens(text), [*vocabulary.starts(text)[1:].tolist(), len(text)]
    texts = [text[first:last] for first, last in zip([0, *ends], ends, strict=False)]
    spelt = vocabulary.unknown_bytes(text) * (8 * math.log(2))
    size = max(1, min(MOST_ROWS, GROUP_BYTES // (4 * options.layers * options.hidden * len(parts(options)))))
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        logits, state = _inside(step, options, some)
        logs = logits - logits.max(-1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(-1, keepdims=True))
        guesses = np.argsort(-logs, axis=-1, kind="stable")[:, :GUESSES]
        yield Block(
            start=start,
            tokens=tokens[start : start + size],
            texts=texts[start : start + size],
            ids=some,
            nats=spelt[start : start + size] - logs[np.arange(len(some)), some],
            guesses=guesses,
            chances=np.exp(np.take_along_axis(logs, guesses, -1)).astype(np.float32),
            state=state,
        )


def _inside(step: Step, options: TrainOptions, ids: Ids) -> tuple[NDArray[np.float64], Mapping[str, Floats]]:
    """Logits [n, V] of each token before it is read, and the state and gates [n, L, H] after."""
    logits = np.empty((len(ids), len(step.logits())))
    state = {part: np.empty((len(ids), options.layers, options.hidden), np.float32) for part in parts(options)}
    for place, known in enumerate(ids.tolist()):
        logits[place] = step.logits()
        step.read(known)
        for depth, layer in enumerate(step.layers):
            gates = zip(ARRANGED[options.cell], layer.parts, strict=True)
            for part, values in (("hidden", layer.hidden), ("cell", layer.cell), *gates):
                if part in state:
                    state[part][place, depth] = values
    return logits, state


class Table:
    """A Parquet file being written."""

    def __init__(
        self, file: BinaryIO, options: TrainOptions, vocabulary: Tokens, units: Units, facts: Mapping[str, str]
    ) -> None:
        """`facts` go into the schema's metadata with cell, layers and units."""
        self._units, self._vocabulary = units, vocabulary
        self._parts, guesses = parts(options), min(GUESSES, len(vocabulary))
        listed = json.dumps({str(depth): chosen.tolist() for depth, chosen in enumerate(units)})
        fields: list[tuple[str, Any]] = [
            ("place", pa.int64()),
            (vocabulary.unit, pa.string()),
            ("id", pa.int32()),
            ("nats", pa.float32()),
            ("guesses", pa.list_(pa.string(), guesses)),
            ("chances", pa.list_(pa.float32(), guesses)),
        ]
        fields += [(name, pa.list_(pa.float32(), len(self._units[depth]))) for name, _, depth in self._columns()]
        metadata = {
            **facts,
            "unit": vocabulary.unit,
            "cell": options.cell,
            "layers": str(options.layers),
            "units": listed,
        }
        self._schema = pa.schema(fields, metadata=metadata)
        self._writer = pq.ParquetWriter(
            file, self._schema, compression="zstd", use_dictionary=[vocabulary.unit, "guesses.list.element"]
        )

    def write(self, block: Block) -> None:
        """Add a group of rows."""
        length = len(block.ids)
        names = self._vocabulary.names()
        flat = [
            np.arange(block.start, block.start + length),
            pa.array([_storable(token) for token in block.tokens]),
            block.ids.astype(np.int32),
            block.nats.astype(np.float32),
            pa.array([names[known] for known in block.guesses.ravel()]),
            block.chances,
            *(block.state[part][:, depth][:, self._units[depth]] for _, part, depth in self._columns()),
        ]
        arrays = [_array(values, field.type) for values, field in zip(flat, self._schema, strict=True)]
        self._writer.write_table(pa.table(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()

    def _columns(self) -> list[tuple[str, str, int]]:
        """Name, part and layer of every column of units."""
        depths = [depth for depth, chosen in enumerate(self._units) if len(chosen)]
        return [(f"layer{depth}_{part}", part, depth) for depth in depths for part in self._parts]


def _array(values: Any, kind: Any) -> Any:
    if pa.types.is_fixed_size_list(kind):
        flat = values if isinstance(values, pa.Array) else pa.array(values.reshape(-1))
        return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
    return pa.array(values, kind)


def _storable(token: str) -> str:
    """A lone surrogate, which a terminal can hand over, is no character of UTF-8."""
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= token <= "\udfff" else token
