import json

import pytest

from corpusmill.store import recited
from model import checkpoint, journal


def wrote(folder) -> list[int]:
    return [json.loads(line)["iteration"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("iteration", "lines", "samples"),
    [(0, [], []), (4, [2, 4], [4]), (5, [2, 4], [4]), (8, [2, 4, 6, 8], [4, 8])],
)
def test_what_was_written_after_an_iteration_is_forgotten(iteration, lines, samples, tmp_path):
    (tmp_path / "samples").mkdir()
    for number in (2, 4, 6, 8):
        journal.line(tmp_path, {"iteration": number})
    for number in (4, 8):
        (tmp_path / "samples" / f"{number:06d}.json").write_text("{}")

    journal.rewind(tmp_path, iteration)

    assert wrote(tmp_path) == lines
    assert sorted(int(path.stem) for path in (tmp_path / "samples").iterdir()) == samples


def test_half_a_line_left_by_a_power_cut_is_forgotten(tmp_path):
    journal.line(tmp_path, {"iteration": 1})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"iterat')

    journal.rewind(tmp_path, 10)
    journal.line(tmp_path, {"iteration": 2})

    assert wrote(tmp_path) == [1, 2]


def test_nothing_written_is_nothing_to_forget(tmp_path):
    journal.rewind(tmp_path, 0)

    assert list(tmp_path.iterdir()) == []


def test_who_forgets_looks_wherever_a_training_names_documents():
    assert recited.TOLD == (journal.SETBACKS, checkpoint.STATE)
