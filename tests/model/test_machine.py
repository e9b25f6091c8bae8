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


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [({1: 1.0, 2: 0.6}, 2), ({1: 1.0, 2: 1.7}, 1), ({1: 1.0, 2: 50.0}, 1)],
    ids=["idle", "busy", "hopeless"],
)
def test_the_number_of_threads_that_was_faster_goes_on(seconds, kept):
    pace, used = machine.Pace((1, 2)), []
    for _ in range(30):
        used.append(pace.number)
        pace.took(seconds[used[-1]])

    assert used[: machine.TRIES] == [1] * machine.TRIES
    assert used.count(2) == (2 if seconds[2] > machine.HOPELESS else machine.TRIES) or kept == 2
    assert set(used[2 * machine.TRIES :]) == {kept}


def test_after_a_while_the_threads_are_tried_again():
    pace = machine.Pace((1, 2))
    tried = []
    for busy in (False, True):
        for _ in range(2 * machine.TRIES + 2):
            tried.append(pace.number)
            pace.took(1.0 if tried[-1] == 1 else 2.0 if busy else 0.5)
        pace.took(machine.REST_SECONDS)

    assert tried[2 * machine.TRIES] == 2
    assert tried[-1] == 1


@pytest.mark.parametrize(("wanted", "repeatable", "shown"), [(3, False, "3"), (3, True, "3"), (0, True, "1")])
def test_what_must_repeat_or_was_asked_for_is_not_tried(wanted, repeatable, shown):
    with machine.pace(wanted, repeatable=repeatable) as pace:
        for seconds in (1.0, 2.0, 3.0):
            pace.took(seconds)
            assert (pace.number, torch.get_num_threads()) == (int(shown), 1)

    assert str(pace) == shown


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
    told = machine.facts("1 or 2", "numba gru", machine.CPU, 2)
    assert (told["threads"], told["kernel"], told["processes"]) == ("1 or 2", "numba gru", "2")
    assert told["dtype"] == str(machine.precision()).removeprefix("torch.")
    assert machine.libraries()["torch"] == torch.__version__
