"""SOAP: Adam where the gradient's directions are independent of one another (Vyas et al. 2024, arXiv 2409.11321).

The gradients G of a matrix have a covariance C = mean of G'G over its columns, the numbers that a layer is given. Adam
keeps its two running means of G Q, where Q are the eigenvectors of C, and what it would do is turned back by Q'. So
directions that the inputs share have a rate of their own, as single numbers have in Adam. This is the one-sided form,
of the inputs alone: a layer's gates are four times as many, so a basis of theirs would cost 64 times as much.

`step` looks at no value, so that it can be recorded; `turn`, every few steps, brings the basis up to date.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

EVERY = 10  # steps between two looks for a better basis, as often as in the paper's experiments
WIDEST = 1024  # numbers that a matrix is given, for which a basis is worth its cost; Adam as it is beyond
TINY = 1e-8  # keeps a division from one by zero, as in Adam
LEAST = 1e-30  # the same, of squares


class Soap(Optimizer):
    """SOAP for matrices, Adam for everything else; weight decay is AdamW's."""

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float], weight_decay: float
    ) -> None:
        """`betas` are Adam's; the covariance is forgotten as the mean square is."""
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})
        for weights in self._each():
            slot = self.state[weights]
            slot["steps"] = torch.zeros((), device=weights.device)  # torch leaves a "step" that it restores on the CPU
            slot["exp_avg"], slot["exp_avg_sq"] = torch.zeros_like(weights), torch.zeros_like(weights)
            if weights.ndim == 2 and weights.shape[1] <= WIDEST:  # noqa: PLR2004 - a matrix
                slot["turned"] = torch.zeros((), device=weights.device)  # steps at the last turn
                slot["basis"] = torch.eye(weights.shape[1], device=weights.device)
                slot["covariance"] = torch.zeros_like(slot["basis"])

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the weights by their gradients."""
        assert closure is None, "the loss is not computed again"
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    self._change(weights, group["lr"], group["betas"], group["weight_decay"])

    def _change(self, weights: Tensor, rate: float | Tensor, betas: tuple[float, float], decay: float) -> None:
        assert weights.grad is not None
        slot, gradient, (mean, square) = self.state[weights], weights.grad, betas
        slot["steps"] += 1
        if "basis" in slot:
            slot["covariance"].lerp_(gradient.t() @ gradient, 1 - square)
            gradient = gradient @ slot["basis"]
        slot["exp_avg"].lerp_(gradient, 1 - mean)
        slot["exp_avg_sq"].mul_(square).addcmul_(gradient, gradient, value=1 - square)
        spread = (slot["exp_avg_sq"] / (1 - square ** slot["steps"])).sqrt_().add_(TINY)
        change = slot["exp_avg"] / (1 - mean ** slot["steps"]) / spread
        if "basis" in slot:
            change = change @ slot["basis"].t()
        if decay:
            weights.mul_(1 - rate * decay)
        weights.sub_(change.mul_(rate))

    @torch.no_grad()
    def turn(self) -> None:
        """Bring the bases up to date that are due: eigenvectors at first, then a step of power iteration and QR.

        The mean is turned along. The mean square is not, as in the paper; but at first it is shared out over the
        directions as the covariance is.
        """
        for weights in self._each():
            slot = self.state[weights]
            if "basis" not in slot or slot["steps"] - slot["turned"] < EVERY:
                continue
            if slot["turned"]:
                after = torch.linalg.qr(slot["covariance"] @ slot["basis"])[0]
            else:
                found, after = torch.linalg.eigh(slot["covariance"])
                found = found.clamp_min(0)  # what rounding leaves below
                rows = slot["exp_avg_sq"].mean(1, keepdim=True)
                slot["exp_avg_sq"].copy_(rows * (found / found.mean().clamp_min(LEAST)))
            slot["exp_avg"].copy_(slot["exp_avg"] @ (slot["basis"].t() @ after))
            slot["basis"].copy_(after)
            slot["turned"].copy_(slot["steps"])

    def _each(self) -> list[nn.Parameter]:
        return [weights for group in self.param_groups for weights in group["params"]]
