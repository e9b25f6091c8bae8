"""Dynamic evaluation: weights that go on learning from the text that is scored, each window of it once it was scored.

    how = settings("rms", window=50)
    known = gathered(network, how, lambda: (train, fresh))      # from the training text, for the rule "rms"
    nats = character_nats(network, ids, how, known, fresh)      # [n]; the network stays as it was

Krause, Kahembwe, Murray and Renals 2018, "Dynamic evaluation of neural sequence models" (ICML), section 4. With g the
gradient of a window's mean loss, W the weights and W0 the trained ones, both rules are drawn back to what was trained:

    sgd    W += decay * (W0 - W) - rate * g
    rms    W += min(decay * R / mean(R), 1) * (W0 - W) - rate * g / (R + E mean(R))

R is the root of the mean of g squared over windows of the training text, one number a weight: what varied there may
move more slowly, and is drawn back harder. It is gathered at seeded places of that text, one stream read on from zero
at each. The paper's E is an absolute number; here it is a share of the mean R, so it means the same for any network.

A cost depends on the text before it alone, so the sum is a code length as a static score's is. It is read in one stream
without dropout, and costs as much as training with a batch of one. It knows ids, not runs.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from corpusmill.errors import UsageError
from corpusmill.types import Progress, silent
from model.network import Network, State
from preprocess.vocab import Ids

Rule = Literal["rms", "sgd"]
Mask = NDArray[np.bool_]

RATES: dict[Rule, float] = {"rms": 1e-3, "sgd": 0.2}
DECAYS: dict[Rule, float] = {"rms": 2e-3, "sgd": 1e-3}
WINDOW = 50
GATHERED = 20_000
PLACES = 10  # of the training text, where R is gathered
SMALL = 0.1  # E


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic:
    """How weights go on learning while a text is scored."""

    rule: Rule
    rate: float  # of learning
    decay: float  # share of the way back to the trained weights that each window takes
    window: int  # characters that are scored before they are learnt from
    gathered: int  # characters of the training text, at most, that R comes from; 0 for "sgd"
    seed: int  # of the places that these are at


def settings(
    rule: Rule = "rms", *, rate: float | None = None, decay: float | None = None, window: int = WINDOW, seed: int = 0
) -> Dynamic:
    """Settings, by default the rule's. Raises UsageError for those that cannot be."""
    if rule not in RATES:
        raise UsageError(f"no rule of dynamic evaluation is named {rule!r}", f"one of {', '.join(RATES)}")
    rate, decay = RATES[rule] if rate is None else rate, DECAYS[rule] if decay is None else decay
    if not (0 < rate < math.inf and 0 <= decay <= 1 and window >= 1):
        hint = "the rate is above 0, the decay from 0 to 1, the window at least 1"
        raise UsageError(f"nothing can be learnt at rate {rate:g}, decay {decay:g}, window {window}", hint)
    gathered = GATHERED if rule == "rms" else 0
    return Dynamic(rule=rule, rate=rate, decay=decay, window=window, gathered=gathered, seed=seed)


def zeroed(count: int, reset: int, fresh: Mask | None) -> Mask:
    """Where of `count` ids the state is zeroed before they are read: every `reset`, and where `fresh` says so."""
    mask = np.zeros(count, np.bool_) if fresh is None else fresh.copy()
    if reset:
        mask[::reset] = True
    return mask


def gathered(
    network: Network, how: Dynamic, learnt: Callable[[], tuple[Ids, Mask]], progress: Progress = silent
) -> list[Tensor]:
    """R of each parameter, for the rule "rms"; `learnt` gives the training text's ids and where it was forgotten."""
    if how.rule == "sgd":
        return []
    live, (ids, fresh) = _copy(network), learnt()
    sums, windows = [torch.zeros_like(weights) for weights in live.parameters()], 0
    for start, stop in _places(len(ids), how):
        state = live.start(1)
        for first in range(start, stop - 1, how.window):
            progress("gather", windows * how.window, how.gathered, "gradients of the training text")
            _, state = _read(live, ids[first : min(first + how.window + 1, stop)], fresh[first:], state)
            for total, gradient in zip(sums, _taken(live), strict=True):
                total.addcmul_(gradient, gradient)
            windows += 1
    progress("gather", how.gathered, how.gathered, f"gradients of {windows:,} windows of the training text")
    return [torch.sqrt(total / max(windows, 1)) for total in sums]


def character_nats(
    network: Network,
    ids: Ids,
    how: Dynamic,
    known: list[Tensor],
    fresh: Mask,
    tick: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float32]:
    """-ln p of every id given those before it, [n], learning from each window after it was scored.

    `fresh` [n] is true at ids before which the state is zeroed. Raises UsageError when that makes a loss no number.
    """
    live, nats = _copy(network), np.zeros(len(ids), np.float32)
    step, state = _rule(live, how, known), live.start(1)
    with torch.no_grad():
        unread = live.head(state[0][-1])[0]  # what a zero state predicts
    nats[:1] = functional.cross_entropy(unread.unsqueeze(0), torch.tensor([int(ids[0])])).numpy()
    for first in range(0, len(ids) - 1, how.window):
        part = ids[first : first + how.window + 1]
        losses, state = _read(live, part, fresh[first:], state)
        if not np.isfinite(losses).all():
            hint = f"lower the rate (it is {how.rate:g}), or raise the decay (it is {how.decay:g})"
            raise UsageError(f"dynamic evaluation diverged before character {first + 1:,}", hint)
        nats[first + 1 : first + len(part)] = losses
        step(_taken(live))
        tick(first + len(part))
    return nats


def _copy(network: Network) -> Network:
    live = deepcopy(network).eval()
    for weights in live.parameters():
        weights.grad = None
    return live


def _places(length: int, how: Dynamic) -> Iterator[tuple[int, int]]:
    """Stretches of the training text: all of it where it is short."""
    each = how.gathered // PLACES
    if length <= how.gathered:
        yield 0, length
        return
    for start in np.random.default_rng(how.seed).integers(0, length - each, PLACES):
        yield int(start), int(start) + each


def _read(live: Network, part: Ids, fresh: Mask, state: State) -> tuple[NDArray[np.float32], State]:
    """Read all ids of a window but the last; what the others cost, [n - 1], their gradients left with the weights."""
    tensor = torch.from_numpy(part.astype(np.int64)).unsqueeze(1)
    mask = torch.from_numpy(fresh[: len(part) - 1].copy()).unsqueeze(1)
    with torch.enable_grad():
        logits, after = live(tensor[:-1], state, mask if mask.any() else None)
        losses = functional.cross_entropy(logits.flatten(0, 1), tensor[1:].flatten(), reduction="none")
        torch.autograd.backward(losses.mean())
    return losses.detach().numpy(), tuple(memory.detach() for memory in after)


def _taken(live: nn.Module) -> list[Tensor]:
    """The gradients, which are then gone."""
    taken = []
    for weights in live.parameters():
        assert weights.grad is not None, "every weight has a part in every loss"
        taken.append(weights.grad)
        weights.grad = None
    return taken


def _rule(live: nn.Module, how: Dynamic, known: list[Tensor]) -> Callable[[list[Tensor]], None]:
    """What changes the weights by a gradient."""
    weights = [value.detach() for value in live.parameters()]
    trained = [value.clone() for value in weights]
    if how.rule == "sgd":
        scales, pulls = [torch.tensor(how.rate)] * len(weights), [torch.tensor(how.decay)] * len(weights)
    else:
        mean = torch.cat([root.flatten() for root in known]).mean().clamp(min=torch.finfo(torch.float32).tiny)
        scales = [how.rate / (root + SMALL * mean) for root in known]
        pulls = [(how.decay * root / mean).clamp(max=1) for root in known]

    def step(gradients: list[Tensor]) -> None:
        for value, first, gradient, scale, pull in zip(weights, trained, gradients, scales, pulls, strict=True):
            value.add_(pull * (first - value) - scale * gradient)

    return step
