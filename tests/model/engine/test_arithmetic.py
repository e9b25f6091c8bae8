import numpy as np
import torch

from model.engine.arithmetic import kernel, read, sigmoid, tanh, write
from model.engine.recurrence import raw


@kernel
def tanhs(row, out):
    for j in range(len(row)):
        out[j] = tanh(row[j])


@kernel
def sigmoids(row, out):
    for j in range(len(row)):
        out[j] = sigmoid(row[j])


@kernel
def through(row, numbers, out):
    read(row, numbers)
    write(numbers, out)


def test_tanh_and_sigmoid_are_within_a_few_units_in_the_last_place():
    x = np.concatenate([np.linspace(-12, 12, 200_001), [-1e30, 1e30, 0.0]]).astype(np.float32)
    for ours, wanted in ((tanhs, np.tanh(x.astype(float))), (sigmoids, np.tanh(x.astype(float) / 2) / 2 + 0.5)):
        out = np.empty_like(x)
        ours(x, out)
        assert np.abs(out - wanted).max() < 4e-7
        assert (np.abs(out) <= 1 + 1e-6).all()


def test_every_bfloat16_is_read_as_it_is_and_written_back():
    bits = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16)
    finite = bits.view(torch.bfloat16)[bits.view(torch.bfloat16).isfinite()].contiguous()
    numbers, out = np.empty(len(finite), np.float32), torch.empty_like(finite)
    through(raw(finite), numbers, raw(out))
    assert np.array_equal(numbers, finite.float().numpy())
    assert torch.equal(out, finite)


def test_a_float32_is_rounded_to_bfloat16_as_torch_does():
    given = torch.randn(50_000, generator=torch.Generator().manual_seed(1)) * 3
    ties = (torch.arange(1, 2_000) * 2 + 1).float() / 256 + 64  # half-way between two, to the even one
    given = torch.cat([given, ties])
    out = torch.empty(len(given), dtype=torch.bfloat16)
    through(given.numpy(), np.empty(len(given), np.float32), raw(out))
    assert torch.equal(out, given.bfloat16())
