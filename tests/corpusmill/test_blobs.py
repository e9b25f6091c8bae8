import random
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import CorruptError
from corpusmill.store import blobs, ids

BODIES = {
    "empty": b"",
    "short": b"In the beginning",
    "repeating": b"abc" * 50_000,
    "random": random.Random(1).randbytes(120),
}


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=5000))
def test_a_body_comes_back_as_it_was(tmp_path_factory, body):
    root = tmp_path_factory.getbasetemp() / "blobs-store"
    digest = blobs.put(root, body)
    assert digest == ids.sha256(body)
    assert blobs.get(root, digest) == body


def test_a_body_lies_under_its_digest_compressed_and_is_written_once(tmp_path):
    body = b"abc" * 50_000
    digest = blobs.put(tmp_path, body)
    path = tmp_path / "blobs" / digest[:2] / digest[2:]
    written = path.stat()
    assert written.st_size < len(body) // 100
    assert blobs.put(tmp_path, body) == digest
    assert path.stat().st_mtime_ns == written.st_mtime_ns
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


@pytest.mark.parametrize("name", BODIES)
def test_no_flipped_bit_and_no_cut_is_ever_silent(tmp_path, name):
    body = BODIES[name]
    digest = blobs.put(tmp_path, body)
    path = blobs.blob_path(tmp_path, digest)
    whole = path.read_bytes()
    damaged = [_flipped(whole, bit) for bit in range(8 * len(whole))] + [whole[:n] for n in range(len(whole))]
    noticed = 0
    for bytes_ in damaged:
        path.unlink()  # a new file, because some file systems sync one that is cut and written again
        path.write_bytes(bytes_)
        try:
            assert blobs.get(tmp_path, digest) == body  # a bit that zstd does not use, or the checksum cut off
        except CorruptError as error:
            assert str(path) in error.message
            noticed += 1
    assert noticed > 0.8 * len(damaged)


def _flipped(body: bytes, bit: int) -> bytes:
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << (bit % 8)
    return bytes(flipped)


def test_a_body_that_is_missing_or_another_one_is_named(tmp_path):
    one, other = blobs.put(tmp_path, b"one"), blobs.put(tmp_path, b"other")
    path = blobs.blob_path(tmp_path, one)
    shutil.copy(blobs.blob_path(tmp_path, other), path)
    with pytest.raises(CorruptError, match="does not match its digest: delete it and collect the corpus again"):
        blobs.get(tmp_path, one)
    path.unlink()
    with pytest.raises(CorruptError, match=f"{path} is missing: collect the corpus again"):
        blobs.get(tmp_path, one)
    assert blobs.get(tmp_path, other) == b"other"
