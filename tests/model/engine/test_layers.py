"""Each layer in the place of torch's own: values, gradients, states, forgetting, in float32 and bfloat16."""

import pytest
import torch
from torch import nn

from model.engine import layers

T, B, INPUTS, H, V = 7, 5, 6, 9, 11
CELLS = ["LSTM", "GRU", "RNN"]


def pair(cell: str) -> tuple[nn.RNNBase, nn.RNNBase]:
    """Torch's layer in float64 and ours with the same weights."""
    torch.manual_seed(1)
    theirs = getattr(nn, cell)(INPUTS, H).double()
    ours = getattr(layers, cell)(INPUTS, H)
    ours.load_state_dict({name: value.float() for name, value in theirs.state_dict().items()})
    return theirs, ours


def material(cell: str, dtype: torch.dtype) -> dict:
    """A table, ids, a state, and what the results are weighed with."""
    torch.manual_seed(2)
    memories = 2 if cell == "LSTM" else 1
    return {
        "table": torch.randn(V, INPUTS).to(dtype).requires_grad_(),
        "ids": torch.randint(V, (T, B)),
        "state": [torch.randn(1, B, H).to(dtype).requires_grad_() for _ in range(memories)],
        "weights": [torch.randn(T, B, H), *[torch.randn(1, B, H) for _ in range(memories)]],
    }


def results(layer, cell, read, dtype) -> list[torch.Tensor]:
    """Outputs, the state after them, and gradients of table, state before and parameters."""
    given = material(cell, dtype)
    state = tuple(given["state"]) if cell == "LSTM" else given["state"][0]
    outputs, after = read(layer, given["table"], given["ids"], state)
    values = [outputs, *(after if cell == "LSTM" else [after])]
    loss = sum(
        (value.to(dtype) * weight.to(dtype)).sum() for value, weight in zip(values, given["weights"], strict=True)
    )
    return [*values, *torch.autograd.grad(loss, [given["table"], *given["state"], *layer.parameters()])]


def looked_up(layer, table, ids, state):
    return layer(table[ids], state)


def gathered(layer, table, ids, state):
    return layer.gather(ids, table, state)


def apart(found, wanted) -> list[float]:
    """How far each result is from the other, relative to its length."""
    pairs = zip(found, wanted, strict=True)
    return [((one.double() - other).norm() / other.norm()).item() for one, other in pairs]


@pytest.mark.parametrize("read", [looked_up, gathered])
@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients_are_those_of_torch_in_float64(cell, read):
    theirs, ours = pair(cell)
    wanted = results(theirs, cell, looked_up, torch.float64)
    assert max(apart(results(ours, cell, read, torch.float32), wanted)) < 1e-6


@pytest.mark.parametrize("read", [looked_up, gathered])
@pytest.mark.parametrize("cell", CELLS)
def test_in_bfloat16_they_are_as_near_as_that_allows(cell, read):
    theirs, ours = pair(cell)
    wanted = results(theirs, cell, looked_up, torch.float64)
    with torch.autocast("cpu", torch.bfloat16):
        found = results(ours, cell, read, torch.float32)
    assert found[0].dtype == torch.bfloat16
    assert all(gradient.dtype == torch.float32 for gradient in found[3:])
    assert max(apart(found, wanted)) < 2e-2


@pytest.mark.parametrize("read", [looked_up, gathered])
@pytest.mark.parametrize("cell", CELLS)
def test_where_a_stream_forgets_it_reads_as_if_it_began_there(cell, read):
    theirs, ours = pair(cell)
    fresh = torch.zeros(T, B, 1)
    fresh[[0, 3, 3, 6], [1, 1, 4, 0]] = 1

    def forgetting(layer, table, ids, state):
        outputs = []
        for t in range(T):
            kept = 1 - fresh[t].to(table.dtype)
            state = tuple(memory * kept for memory in state) if cell == "LSTM" else state * kept
            step, state = layer(table[ids[t : t + 1]], state)
            outputs.append(step)
        return torch.cat(outputs), state

    def masked(layer, table, ids, state):
        if read is gathered:
            return layer.gather(ids, table, state, 1 - fresh)
        return layer(table[ids], state, 1 - fresh)

    wanted = results(theirs, cell, forgetting, torch.float64)
    assert max(apart(results(ours, cell, masked, torch.float32), wanted)) < 1e-6


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_input_gives_the_same_bits(cell):
    _, ours = pair(cell)
    one, other = (results(ours, cell, gathered, torch.float32) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_state_that_is_huge_saturates_and_is_no_number_nowhere():
    _, ours = pair("LSTM")
    state = (torch.full((1, B, H), 1e30), torch.full((1, B, H), -1e30))
    outputs, (hidden, cell) = ours(torch.full((T, B, INPUTS), 1e30), state)
    assert all(value.isfinite().all() for value in (outputs, hidden, cell))
