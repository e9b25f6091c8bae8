import dataclasses

import numpy as np
import pytest

from corpusmill.errors import CorruptError
from model import checkpoint
from model.checkpoint import Best, Standing


def arrays(value: float) -> dict:
    return {"w": np.full(3, value, np.float32)}


def standing(iteration: int, **more) -> Standing:
    return Standing(started_at="2026-01-01T00:00:00+00:00", iteration=iteration, **more)


def best(folder, iteration: int) -> Best:
    path, digest = checkpoint.write_best(folder, iteration, arrays(iteration))
    return Best(iteration=iteration, nats_per_char=1.5, bits_per_byte=2.2, path=path, sha256=digest)


def files(folder) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_nothing_saved_is_nothing_to_resume(tmp_path):
    assert checkpoint.resume(tmp_path) is None


def test_the_last_save_is_what_is_resumed_and_all_that_is_kept(tmp_path):
    checkpoint.save(tmp_path, standing(1, best=best(tmp_path, 1)), arrays(1))
    after = standing(2, best=best(tmp_path, 2), position={"epoch": 3, "window": 4}, nats=0.1 + 0.2, worse=1)
    checkpoint.save(tmp_path, after, arrays(2))

    found = checkpoint.resume(tmp_path)

    assert found.last == found.mark
    assert found.last.standing == after
    assert checkpoint.arrays(tmp_path, found.last)["w"].tolist() == [2, 2, 2]
    assert files(tmp_path) == ["best-000002.safetensors", "last-000002.safetensors", "state.json"]


def test_a_save_that_dies_half_way_leaves_the_one_before(tmp_path):
    before = standing(1, best=best(tmp_path, 1))
    checkpoint.save(tmp_path, before, arrays(1))
    unwritable = dataclasses.replace(before, iteration=2, started_at="\ud800")  # dies when the JSON is made
    best(tmp_path, 2)

    with pytest.raises(UnicodeEncodeError):
        checkpoint.save(tmp_path, unwritable, arrays(2))

    found = checkpoint.resume(tmp_path)
    assert found.last.standing == before
    assert checkpoint.arrays(tmp_path, found.last)["w"].tolist() == [1, 1, 1]


def test_a_mark_is_kept_beside_the_last_save(tmp_path):
    mark = checkpoint.save(tmp_path, standing(1, best=best(tmp_path, 1)), arrays(1)).mark
    for iteration in (2, 3):
        checkpoint.save(tmp_path, standing(iteration, best=mark.standing.best), arrays(iteration), mark)

    found = checkpoint.resume(tmp_path)

    assert (found.last.standing.iteration, found.mark) == (3, mark)
    assert checkpoint.arrays(tmp_path, found.mark)["w"].tolist() == [1, 1, 1]
    assert files(tmp_path) == [
        "best-000001.safetensors",
        "last-000001.safetensors",
        "last-000003.safetensors",
        "state.json",
    ]


@pytest.mark.parametrize("name", ["state.json", "last-000001.safetensors"])
def test_a_damaged_checkpoint_is_named(name, tmp_path):
    checkpoint.save(tmp_path, standing(1), arrays(1))
    path = tmp_path / "checkpoints" / name
    path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(CorruptError, match=name):
        checkpoint.arrays(tmp_path, checkpoint.resume(tmp_path).last)


def test_an_evaluation_right_after_a_line_says_the_same_of_the_training_and_an_iteration_begins_anew():
    standing = Standing(started_at="2026-01-01T00:00:00+00:00")
    for nats in (4.0, 2.0):
        standing.count(nats, 0.5, 0.1)

    standing.note()
    before = (standing.nats, standing.steps, standing.busy, standing.loss)
    standing.note()
    again = (standing.nats, standing.steps, standing.busy, standing.loss)
    standing.count(1.0, 0.25, 0.1)

    assert before == again == (6.0, 2, 1.0, 3.0)
    assert (standing.nats, standing.steps, standing.busy, standing.loss) == (1.0, 1, 0.25, 3.0)
