import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.material import version as published
from corpusmill.errors import CorruptError
from corpusmill.store import Store
from corpusmill.types import Version
from preprocess.ids import counts, encoded
from preprocess.vocab import Vocabulary

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXTS = {"train": ["the mill", "", "grinds — corn", "wheat"] * 200, "validation": ["chaff"], "test": ["é"]}
VOCABULARY = Vocabulary.build("\n".join(TEXTS["train"]))
ARRAYS = [f"{split}{part}.npy" for split in TEXTS for part in ("", ".starts")]


@pytest.fixture
def version(store) -> Version:
    return published(store, "mill", TEXTS)


def folders(store: Store) -> list[Path]:
    return sorted((store.corpus("mill") / "ids").iterdir())


def remove_texts(store: Store) -> None:
    shutil.rmtree(store.corpus("mill") / "versions" / "v000001" / "data")


def is_right(found, texts=TEXTS, vocabulary=VOCABULARY, separator="\n") -> bool:
    """Whether ids and starts are what joining the documents gives."""
    assert list(found) == list(texts)
    for split, those in texts.items():
        expected = vocabulary.encode(separator.join(those))
        starts = [sum(map(len, those[:place])) + place * len(separator) for place in range(len(those))]
        assert found[split].ids.dtype == expected.dtype
        assert found[split].starts.dtype == np.int64
        np.testing.assert_array_equal(found[split].ids, expected)
        np.testing.assert_array_equal(found[split].starts, starts)
    return True


@settings(max_examples=40)  # each writes a store
@given(st.lists(TEXT), st.lists(TEXT), st.sampled_from(["", "\n\n", "—"]), st.integers(1, 3))
@example([], [], "\n", 1)
@example(["", ""], [""], "—", 1)
def test_ids_and_counts_are_those_of_the_documents_with_the_separator_between(train, validation, separator, min_count):
    texts = {"train": train, "validation": validation}
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        made = published(store, "mill", texts)
        found = counts(made, "train", store, separator)
        vocabulary = Vocabulary.of(found, min_count)
        assert found == Counter(separator.join(train))
        assert vocabulary == Vocabulary.build(separator.join(train), min_count)
        assert is_right(encoded(made, store, vocabulary, separator), texts, vocabulary, separator)
        assert is_right(encoded(made, store, vocabulary, separator), texts, vocabulary, separator)


@pytest.mark.parametrize("characters", [255, 256, 70_000])
def test_wide_vocabularies_have_wide_ids(characters, store):
    texts = {"train": ["".join(map(chr, range(0x10000, 0x10000 + characters)))]}
    vocabulary = Vocabulary.build(texts["train"][0])
    for _ in range(2):
        assert is_right(encoded(published(store, "mill", texts), store, vocabulary, "\n"), texts, vocabulary)


def test_what_was_encoded_is_not_encoded_again(store, version):
    first = encoded(version, store, VOCABULARY, "\n")
    remove_texts(store)

    assert is_right(first)
    assert is_right(encoded(version, store, VOCABULARY, "\n"))


def test_ids_are_mapped_and_cannot_be_changed(store, version):
    for _ in range(2):
        for split in encoded(version, store, VOCABULARY, "\n").values():
            for array in (split.ids, split.starts):
                assert isinstance(array.base, np.memmap)
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 1


def test_the_manifest_is_asked_for_counts_before_the_texts_are(store, version):
    told = replace(version, stats={"vocabulary": {"total": {}, "train": {"a": 7, "\n": 2}}})
    remove_texts(store)

    assert counts(told, "train", store, "\n\n") == {"\n": 2 + 2 * 799, "a": 7}
    with pytest.raises(CorruptError, match=r"validation\.parquet is missing"):
        counts(told, "validation", store, "\n")


@pytest.mark.parametrize("other", [(VOCABULARY, ""), (Vocabulary.build("mil"), "\n")], ids=["separator", "vocabulary"])
def test_another_vocabulary_or_separator_has_a_folder_of_its_own(other, store, version):
    encoded(version, store, VOCABULARY, "\n")

    assert is_right(encoded(version, store, *other), TEXTS, *other)
    assert is_right(encoded(version, store, VOCABULARY, "\n"))
    assert [folder.name.partition("-")[0] for folder in folders(store)] == [version.id] * 2


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE = [flip, shorten, lengthen, empty, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", [*ARRAYS, "manifest.json"])
def test_a_damaged_folder_is_made_anew_and_never_used(name, damage, store, version):
    encoded(version, store, VOCABULARY, "\n")
    (folder,) = folders(store)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    damage(folder / name)
    if name == "manifest.json" and damage in (flip, shorten, lengthen):
        (folder / name).write_bytes(b'{"train.npy": {"bytes": 1}}')  # the manifest's last byte means nothing

    assert is_right(encoded(version, store, VOCABULARY, "\n"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    assert folders(store) == [folder]


@pytest.mark.parametrize("manifest", [b"[]", b"{}", b"\xff", b'{"../train.npy":{"bytes":1,"xxh3_128":"0"}}'])
def test_a_manifest_of_something_else_is_damage(manifest, store, version):
    encoded(version, store, VOCABULARY, "\n")
    (folder,) = folders(store)
    for path in folder.iterdir():
        path.unlink()
    (folder / "manifest.json").write_bytes(manifest)

    assert is_right(encoded(version, store, VOCABULARY, "\n"))


def test_files_that_no_digest_vouches_for_are_damage(store, version):
    encoded(version, store, VOCABULARY, "\n")
    (folder,) = folders(store)
    np.save(folder / "train.npy", np.zeros(9, np.uint8))
    (folder / "manifest.json").write_bytes(b"{}")

    assert is_right(encoded(version, store, VOCABULARY, "\n"))


def test_a_damaged_folder_without_its_texts_is_an_error_not_ids(store, version):
    encoded(version, store, VOCABULARY, "\n")
    flip(folders(store)[0] / "train.npy")
    remove_texts(store)

    with pytest.raises(CorruptError, match=r"train\.parquet is missing"):
        encoded(version, store, VOCABULARY, "\n")


def test_what_is_deleted_while_it_is_read_is_read_on_and_made_anew(store, version):
    first = encoded(version, store, VOCABULARY, "\n")
    shutil.rmtree(store.corpus("mill") / "ids")

    assert is_right(encoded(version, store, VOCABULARY, "\n"))
    assert is_right(first)


@pytest.mark.parametrize("damaged", [False, True])
def test_writers_at_once_do_not_harm_one_another(damaged, store, version):
    if damaged:
        encoded(version, store, VOCABULARY, "\n")
        flip(folders(store)[0] / "train.npy")

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: encoded(version, store, VOCABULARY, "\n"), range(16)))

    assert all(is_right(each) for each in made)
    remove_texts(store)
    assert is_right(encoded(version, store, VOCABULARY, "\n"))
    assert len(folders(store)) == 1


def test_a_failure_half_way_leaves_nothing(store, version):
    (store.version_folder(version) / "data" / "validation.parquet").unlink()

    with pytest.raises(CorruptError, match=r"validation\.parquet is missing"):
        encoded(version, store, VOCABULARY, "\n")
    assert folders(store) == []


def test_texts_of_another_length_than_the_manifest_says_are_refused(store, version):
    shard, *others = version.shards
    wrong = replace(version, shards=(replace(shard, characters=shard.characters - 1), *others))

    with pytest.raises(CorruptError, match="mill@v1: its train split has not the characters"):
        encoded(wrong, store, VOCABULARY, "\n")
    assert folders(store) == []


MEASURE = """
import sys
from dataclasses import replace
from pathlib import Path
from benchmarks.material import version
from corpusmill.store import Store
from preprocess.ids import encoded
from preprocess.vocab import Vocabulary
from tests.peak import peak
store, shards = Store(Path(sys.argv[1])), int(sys.argv[2])
made = version(store, "mill", {"train": ["wheat and chaff\\n" * 1000] * 500})
made = replace(made, shards=made.shards * shards)
before = peak()
print(len(encoded(made, store, Vocabulary.build("wheat and chaff\\n"), "")["train"].ids), peak() - before)
"""


def test_memory_is_that_of_a_shard_however_many_there_are(tmp_path):
    taken = {}
    for shards in (1, 12):
        command = [sys.executable, "-c", MEASURE, str(tmp_path / str(shards)), str(shards)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
        characters, taken[shards] = map(int, said.stdout.split())
        assert characters == shards * 8_000_000
    assert taken[12] < taken[1] + (24 << 20)
