"""What changes the weights: an optimiser by its name in ``[train]``, and what a gradient is cut to before.

AdamW is Loshchilov & Hutter's (2019), RMSProp Hinton's (2012) as char-rnn has it, Adagrad that of Duchi et al. (2011)
as min-char-rnn has it; SOAP is in a file of its own. All keep running figures of each weight, which `state` and
`restore` carry over a pause.
"""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adagrad, AdamW, Optimizer, RMSprop

from model.options import TrainOptions
from model.soap import Soap

TINY = 1e-8  # keeps a division from one by zero, in the originals of the last two

_TABLE: Mapping[str, Callable[[list[nn.Parameter], TrainOptions], Optimizer]] = {
    "adamw": lambda given, o: AdamW(
        given,
        lr=o.learning_rate,
        betas=o.betas,
        weight_decay=o.weight_decay,
        fused=True,
        capturable=given[0].is_cuda,
    ),
    "rmsprop": lambda given, o: RMSprop(
        given,
        lr=o.learning_rate,
        alpha=o.smoothing,
        eps=TINY,
        weight_decay=o.weight_decay,
        foreach=True,
        capturable=given[0].is_cuda,
    ),
    "soap": lambda given, o: Soap(given, o.learning_rate, o.betas, o.weight_decay),
    "adagrad": lambda given, o: Adagrad(given, lr=o.learning_rate, eps=TINY, weight_decay=o.weight_decay, fused=True),
}


def optimizer(parameters: Iterable[nn.Parameter], options: TrainOptions) -> Optimizer:
    """The optimiser that the options name, of these parameters."""
    return _TABLE[options.optimizer](list(parameters), options)


def cut(parameters: Iterable[nn.Parameter], options: TrainOptions) -> Tensor:
    """Cut the gradient as the options say; returns its norm before, a scalar."""
    given = list(parameters)
    if options.clip_by == "norm":
        return nn.utils.clip_grad_norm_(given, options.clip)
    norm = nn.utils.get_total_norm(weights.grad for weights in given if weights.grad is not None)
    nn.utils.clip_grad_value_(given, options.clip)
    return norm


def state(made: Optimizer) -> dict[str, Tensor]:
    """All its running figures, by the number of the parameter and the name of the figure: ``3.exp_avg``."""
    return {f"{i}.{name}": value for i, slot in made.state_dict()["state"].items() for name, value in slot.items()}


def restore(made: Optimizer, figures: Mapping[str, Tensor]) -> None:
    """Go on with the figures that `state` gave."""
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in figures.items():
        number, name = key.split(".", 1)
        slots.setdefault(int(number), {})[name] = value
    made.load_state_dict({**made.state_dict(), "state": slots})


def turn(made: Optimizer) -> None:
    """Do what an optimiser does only now and then, between two steps."""
    if isinstance(made, Soap):
        made.turn()


def set_rate(made: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in made.param_groups:
        group["lr"] = rate


@torch.no_grad()
def step_unless(made: Optimizer, spoilt: Tensor, rate: Tensor) -> None:
    """Step at a rate unless `spoilt` is 1, neither of them looked at: a step that can be recorded."""
    for group in made.param_groups:
        group["lr"] = rate
    fused = all(group.get("fused") for group in made.param_groups)
    if fused:  # such kernels leave everything as it is where this says that a gradient is infinite
        vars(made).update(found_inf=spoilt, grad_scale=None)
        made.step()
        return
    weights = [each for group in made.param_groups for each in group["params"]]
    held = [*weights, *state(made).values()]
    before = [value.clone() for value in held]
    made.step()
    for value, old in zip(held, before, strict=True):
        value.copy_(torch.where(spoilt > 0, old, value))


class Average:
    """A running mean of weights, which predicts better than they do at a high rate (Polyak & Juditsky 1992).

    Its memory grows to `decay` with the number of steps, so that it forgets where training began.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], decay: float) -> None:
        """Begin at the parameters as they are."""
        self._live = list(parameters)
        self._decay = decay
        self.steps = 0
        self.means = [weights.detach().clone() for weights in self._live]

    @torch.no_grad()
    def take(self) -> None:
        """Take the weights of another step in."""
        self.steps += 1
        share = 1 - min(self._decay, self.steps / (10 + self.steps))
        torch._foreach_lerp_(self.means, [weights.detach() for weights in self._live], share)

    @torch.no_grad()
    def take_unless(self, spoilt: Tensor, steps: Tensor) -> None:
        """As `take` unless `spoilt` is 1, with the number of steps in a tensor, which is counted on."""
        steps += 1 - spoilt
        share = (1 - torch.clamp_max(steps / (10 + steps), self._decay)) * (1 - spoilt)
        for mean, weights in zip(self.means, self._live, strict=True):
            mean.lerp_(weights.detach(), share.to(mean.dtype))

    @torch.no_grad()
    def swap(self) -> None:
        """Put the mean in the place of the weights, and these in its; a second call undoes it."""
        for mean, weights in zip(self.means, self._live, strict=True):
            kept = weights.detach().clone()
            weights.copy_(mean)
            mean.copy_(kept)
