import io
import random
import shutil

import pytest
import zstandard
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


@settings(max_examples=50)
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


class Stream(io.BytesIO):
    """A body that is stopped before its second piece."""

    def read(self, size=-1):
        if self.tell():
            raise KeyboardInterrupt
        return super().read(size)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_long_body_is_kept_in_pieces_as_if_in_one(tmp_path, body):
    digest = ids.sha256(body)
    blobs.put_stream(tmp_path / "pieces", io.BytesIO(body), digest, len(body))
    blobs.put(tmp_path / "one", body)
    files = [blobs.blob_path(tmp_path / how, digest) for how in ("pieces", "one")]
    assert blobs.get(tmp_path / "pieces", digest) == body
    assert zstandard.frame_content_size(files[0].read_bytes()) == len(body)
    blobs.put_stream(tmp_path / "one", Stream(), digest, len(body))  # there already: not read at all


@pytest.mark.parametrize(
    ("body", "digest", "size"),
    [(b"other", ids.sha256(b"text"), 5), (b"text", ids.sha256(b"text"), 3), (b"text", ids.sha256(b"text"), 5)],
    ids=["another digest", "too long", "too short"],
)
def test_a_body_that_is_not_what_was_announced_is_not_kept(tmp_path, body, digest, size):
    with pytest.raises(CorruptError, match="a body changed while it was kept"):
        blobs.put_stream(tmp_path, io.BytesIO(body), digest, size)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_body_that_is_interrupted_is_not_kept_and_the_interruption_is_what_is_told(tmp_path):
    body = bytes(3 << 20)
    with pytest.raises(KeyboardInterrupt):
        blobs.put_stream(tmp_path, Stream(body), ids.sha256(body), len(body))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
