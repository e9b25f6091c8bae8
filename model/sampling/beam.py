"""Beam search: not a text drawn by chance, but about the likeliest of all.

Of all ways to go on from W beginnings the W likeliest are kept (Lowerre 1976; for recurrent networks Graves 2012,
section 2.5). A text that reaches a stop string stands aside; of those, and at the full length the last W, the one of
the least nats per character is it, the stop string's characters included, so that short texts have no advantage (Wu et
al. 2016, section 7, with an exponent of 1); of a run of bytes or words, the least a byte or a word. It takes no random
numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.sampling.choose import Sampling
from model.sampling.endings import ending
from model.step import Floats, Numbers, Step
from preprocess.vocab import UNKNOWN, Tokens

WIDEST = 1000  # beginnings kept, at most


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    text: str
    nats_per_char: float  # -ln p of its characters given those before, the unknown one left out


@dataclass(frozen=True, slots=True)
class _Text:
    """A text on the way."""

    nats: float
    length: int
    place: int  # its row among those of its length
    tail: tuple[int, ...]  # its last ids, as many as a stop string can have begun in, and one more


def search(begun: Step, vocabulary: Tokens, how: Sampling, width: int) -> Found:
    """The likeliest text that goes on from what was read, as far as `width` beginnings show it."""
    step, history = begun.times(1), list[tuple[Numbers, Numbers]]()  # rows gone on from, and ids, of each length
    texts, ended, reach = [_Text(0.0, 0, 0, ())], list[_Text](), max([1, *(len(s.encode()) for s in how.stop)])
    while texts and len(history) < how.length and len(ended) < width:
        rows, ids, nats = _likeliest(step.logits(), [text.nats for text in texts], width)
        history.append((np.array([texts[row].place for row in rows]), ids))
        tails = [(*texts[row].tail, known)[-reach:] for row, known in zip(rows, ids.tolist(), strict=True)]
        written = [_Text(nats[n], len(history), n, tail) for n, tail in enumerate(tails)]
        ends = [ending(vocabulary.decode(np.array(tail)), how.stop) is not None for tail in tails]
        ended += [text for text, end in zip(written, ends, strict=True) if end]
        going = [n for n, end in enumerate(ends) if not end]
        texts = [written[n] for n in going]
        step.keep(rows[going])
        step.read(ids[going])
    best = min([*ended, *(texts if len(history) == how.length else ())], key=_dearness)
    found = vocabulary.decode(np.array(list(_traced(history, best))[::-1], np.int64))
    return Found(found[: ending(found, how.stop)], best.nats / max(len(found), 1))


def _dearness(text: _Text) -> float:
    return text.nats / max(text.length, 1)


def _likeliest(logits: Floats, nats: list[float], width: int) -> tuple[Numbers, Numbers, list[float]]:
    """The rows to go on from, with which ids, and what that comes to: the best first, ties by row and id."""
    scores = logits[:, UNKNOWN + 1 :].astype(np.float64)
    scores -= scores.max(-1, keepdims=True)
    costs = (np.array(nats)[:, None] + np.log(np.exp(scores).sum(-1, keepdims=True)) - scores).ravel()
    order = np.argsort(costs, kind="stable")[:width]
    rows, ids = np.divmod(order, scores.shape[1])
    return rows, ids + UNKNOWN + 1, costs[order].tolist()


def _traced(history: list[tuple[Numbers, Numbers]], text: _Text) -> Iterator[int]:
    """The ids of a text, the last first."""
    place = text.place
    for rows, ids in reversed(history[: text.length]):
        yield int(ids[place])
        place = int(rows[place])
