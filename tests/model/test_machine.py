import pytest
import torch

from model import machine


@pytest.mark.parametrize(("wanted", "given"), [(1, 1), (3, 3)])
def test_torch_has_so_many_threads_and_no_longer(wanted, given):
    before = torch.get_num_threads()

    with machine.threads(wanted) as number:
        assert number == torch.get_num_threads() == given

    assert torch.get_num_threads() == before


def test_by_default_there_are_as_many_threads_as_processors_up_to_four():
    with machine.threads() as number:
        assert 1 <= number <= 4


def test_tiny_numbers_are_zero_while_torch_works_and_numbers_again_after():
    tiny = torch.tensor([1e-40])

    with machine.threads(1):
        assert (tiny * 1.0).item() == 0

    assert (tiny * 1.0).item() > 0


def test_a_seed_decides_what_is_drawn_and_leaves_the_caller_his_own_numbers():
    torch.manual_seed(5)
    expected = torch.rand(2).tolist()
    torch.manual_seed(5)
    first = torch.rand(1).tolist()

    with machine.seeded(1):
        drawn = torch.rand(3).tolist()
    with machine.seeded(1):
        assert torch.rand(3).tolist() == drawn

    assert first + torch.rand(1).tolist() == expected


def test_what_may_change_the_last_bits_is_on_record():
    assert machine.facts(2)["threads"] == "2"
    assert machine.facts(2)["dtype"] == str(machine.precision()).removeprefix("torch.")
    assert machine.libraries()["torch"] == torch.__version__
