"""Rows of the version before, found by their ids and whole."""

import numpy as np
import pytest

from corpusmill.store import shards
from corpusmill.store.ids import document_id
from corpusmill.types import Document
from preprocess.publish.earlier import Earlier


def ids(documents):
    return np.array([[int(d.id[:16], 16), int(d.id[16:], 16)] for d in documents], np.uint64)


@pytest.fixture
def version(tmp_path):
    """Documents in two shards, by the last digits of their ids, as a version has them."""
    made = [
        Document(id=document_id("mill", n), text=f"Turn {n}, é", source="s", raw_sha256="r", meta={"n": n})
        for n in range(40)
    ]
    written = []
    for number in range(2):
        mine = sorted((d for d in made if int(d.id[-8:], 16) % 2 == number), key=lambda d: d.id)
        written.append(shards.write(tmp_path, f"train-{number:05d}-of-00002.parquet", "train", mine))
    return tmp_path, made, written


def test_each_row_that_is_there_is_found_as_it_was_written(version):
    folder, made, written = version
    absent = Document(id=document_id("mill", 99), text="", source="", raw_sha256="")
    wanted = [made[7], absent, made[31], made[0]]
    found = {place: (rest, text) for place, rest, text in Earlier(folder, written).rows(ids(wanted))}
    assert found == {place: (shards.rest(wanted[place]), wanted[place].text.encode()) for place in (0, 2, 3)}


def test_a_damaged_shard_has_nothing_to_give_and_the_other_has(version):
    folder, made, written = version
    (folder / written[0].path).write_bytes(b"damaged")
    found = [place for place, _, _ in Earlier(folder, written).rows(ids(made))]
    assert len(found) == written[1].rows
