from pathlib import Path
from typing import Any

import pytest

from preprocess.publish.kept import kept


def never():
    raise AssertionError("made again")


def test_what_was_made_is_read_from_then_on(tmp_path):
    path = tmp_path / "new" / "found.json"
    assert kept(path, dict[str, int], lambda: {"é": 3}) == {"é": 3}
    assert kept(path, dict[str, int], never) == {"é": 3}


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path):
    path = tmp_path / "found.json"
    kept(path, Any, lambda: [1, 22])
    body = path.read_bytes()
    spoiled = [body[:n] for n in range(len(body))]
    spoiled += [body[: n // 8] + bytes([body[n // 8] ^ 1 << n % 8]) + body[n // 8 + 1 :] for n in range(8 * len(body))]
    for each in spoiled:
        path.write_bytes(each)
        assert kept(path, Any, lambda: "made") == "made"
        assert kept(path, Any, never) == "made"


def test_what_is_of_another_kind_is_made_anew(tmp_path: Path):
    kept(tmp_path / "a", Any, lambda: {"characters": 1})
    assert kept(tmp_path / "a", list[int], lambda: [1]) == [1]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(IsADirectoryError):
        kept(tmp_path, Any, never)
