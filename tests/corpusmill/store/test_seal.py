import subprocess

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import CorruptError
from corpusmill.store import MANIFEST, encode
from corpusmill.store.ids import pretty, sha256
from corpusmill.store.seal import broken, is_sealed, seal
from tests.corpusmill.samples import folder_of, keep, run, snapshot, version

THINGS = [snapshot(), version(3), run()]


@given(st.dictionaries(st.text(), st.text() | st.integers(0, 2**50) | st.none(), min_size=1))
def test_what_is_sealed_is_the_same_object_with_a_digest_more(value):
    sealed = seal(pretty(value))
    assert is_sealed(sealed)
    assert not broken(sealed)
    assert not is_sealed(pretty({"a": 1} | value)) or "sha256" in value
    assert msgspec.json.decode(sealed) == {"sha256": sha256(pretty(value))} | value


def test_anybody_can_check_a_seal(tmp_path):
    (tmp_path / MANIFEST).write_bytes(encode(version()))
    told = subprocess.run(
        ["sh", "-c", "sed 2d manifest.json | sha256sum"], cwd=tmp_path, capture_output=True, check=True
    )
    assert f'"sha256": "{told.stdout.decode().split()[0]}"' in (tmp_path / MANIFEST).read_text()


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_no_flipped_bit_of_a_manifest_is_silent(store, thing):
    keep(store, thing)
    path = folder_of(store, thing) / MANIFEST
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0, place % 7 + 1):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                assert read(store, thing) == thing  # the seal was hit so that it is none
            except CorruptError as error:
                assert str(path) in error.message


def read(store, thing):
    ways = {"Snapshot": store.snapshot, "Run": store.run, "Version": store.version}
    return ways[type(thing).__name__](thing.corpus, folder_of(store, thing).name)


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_what_was_written_before_there_were_seals_is_read(store, thing):
    keep(store, thing)
    (folder_of(store, thing) / MANIFEST).write_bytes(pretty(thing))
    assert read(store, thing) == thing


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_a_manifest_in_the_place_of_another_is_told(store, thing):
    keep(store, thing)
    folder = folder_of(store, thing)
    folder.rename(folder.with_name("v000009"))
    with pytest.raises(CorruptError, match=rf"is damaged: it is that of bible/{folder.name}"):
        {"Snapshot": store.snapshot, "Run": store.run, "Version": store.version}[type(thing).__name__](
            "bible", "v000009"
        )
