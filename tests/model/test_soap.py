"""SOAP beside what it is made of: Adam, and the eigenvectors of the inputs' covariance."""

import pytest
import torch
from torch import nn

from model import optimizers
from model.options import TrainOptions
from model.soap import EVERY, WIDEST, Soap

RATE = 0.02


def mixed(steps: int, *, wide: int = 12, seed: int = 0):
    """Inputs that share a direction a hundred times as strong as the others, and what a matrix makes of them."""
    draw = torch.Generator().manual_seed(seed)
    shared, wanted = torch.randn(1, wide, generator=draw), torch.randn(5, wide, generator=draw)
    for _ in range(steps):
        given = torch.randn(64, wide, generator=draw) * 0.1 + torch.randn(64, 1, generator=draw) * shared * 10
        yield given, given @ wanted.t()


def learn(made: torch.optim.Optimizer, weights: nn.Parameter, pairs) -> list[float]:
    losses = []
    for given, wanted in pairs:
        loss = (given @ weights.t() - wanted).square().mean()
        weights.grad = torch.autograd.grad(loss, weights)[0]
        made.step()
        optimizers.turn(made)
        losses.append(loss.item())
    return losses


def soap(weights: nn.Parameter, decay: float = 0.0) -> Soap:
    return Soap([weights], RATE, (0.9, 0.99), decay)


def zeros(wide: int = 12) -> nn.Parameter:
    return nn.Parameter(torch.zeros(5, wide))


def test_directions_that_inputs_share_do_not_hold_the_others_up():
    mine, its = zeros(), zeros()

    ours = learn(soap(mine), mine, mixed(400))
    adams = learn(torch.optim.AdamW([its], RATE, betas=(0.9, 0.99), weight_decay=0), its, mixed(400))

    assert sum(ours[-50:]) < sum(adams[-50:]) / 4


@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize(("wide", "steps"), [(12, EVERY), (WIDEST + 1, 2 * EVERY)])
def test_until_it_has_a_basis_and_where_it_takes_none_it_is_adam(wide, steps, decay):
    mine, its = zeros(wide), zeros(wide)

    learn(soap(mine, decay), mine, mixed(steps, wide=wide))
    learn(torch.optim.AdamW([its], RATE, betas=(0.9, 0.99), weight_decay=decay), its, mixed(steps, wide=wide))

    assert torch.allclose(mine, its, atol=1e-6)


def test_its_basis_becomes_the_eigenvectors_of_the_gradients_covariance():
    weights = zeros()
    made = soap(weights)

    learn(made, weights, mixed(20 * EVERY))

    slot = made.state[weights]
    turned = slot["basis"].t() @ slot["covariance"] @ slot["basis"]
    assert torch.allclose(slot["basis"].t() @ slot["basis"], torch.eye(12), atol=1e-5)
    assert turned.fill_diagonal_(0).norm() < 0.05 * slot["covariance"].norm()


def test_it_goes_on_from_its_figures_to_the_same_weights():
    pairs = list(mixed(3 * EVERY))
    straight, broken = zeros(), zeros()
    learn(soap(straight), straight, pairs)

    before = soap(broken)
    learn(before, broken, pairs[: EVERY + 3])
    after = nn.Parameter(broken.detach().clone())
    made = soap(after)
    optimizers.restore(made, {name: value.clone() for name, value in optimizers.state(before).items()})
    learn(made, after, pairs[EVERY + 3 :])

    assert torch.equal(after, straight)


def test_the_options_name_it():
    made = optimizers.optimizer([zeros()], TrainOptions(optimizer="soap", learning_rate=0.3, betas=(0.5, 0.75)))

    assert isinstance(made, Soap)
    assert (made.defaults["lr"], made.defaults["betas"]) == (0.3, (0.5, 0.75))
