import io
import pickle
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from corpusmill.errors import CorruptError
from corpusmill.store.ids import sha256
from model import weights

ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array(3.0, np.float32)}


class Canary:
    """Whoever unpickles this has run it."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def zipped() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Canary()))
    return body.getvalue()


def test_what_is_written_is_read(tmp_path):
    digest = weights.write(tmp_path / "a" / "w.safetensors", ARRAYS)

    found = weights.read(tmp_path / "a" / "w.safetensors", digest)

    assert list(found) == sorted(ARRAYS)
    assert all(np.array_equal(found[name], ARRAYS[name]) and found[name].shape == ARRAYS[name].shape for name in found)


def test_equal_arrays_give_equal_files(tmp_path):
    assert weights.write(tmp_path / "a", ARRAYS) == weights.write(tmp_path / "b", dict(reversed(ARRAYS.items())))


WHOLE = safetensors.numpy.save(ARRAYS)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (pickle.dumps(Canary()), "is not safetensors: pickle and zip files are never opened"),
        (zipped(), "is not safetensors: pickle and zip files are never opened"),
        (b"", "is not safetensors"),
        (WHOLE[:-1], "cannot be read"),
        (WHOLE[:20], "cannot be read"),
        ((1 << 60).to_bytes(8, "little") + WHOLE[8:], "cannot be read"),
    ],
    ids=["pickle", "zip", "empty", "a byte short", "half a header", "a header of 2^60 bytes"],
)
def test_what_is_not_safetensors_is_refused(body, said, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(body)

    with pytest.raises(CorruptError, match=r"w\.safetensors") as caught:
        weights.read(path, sha256(body))

    assert said in str(caught.value)


def test_a_changed_or_missing_file_is_named(tmp_path):
    digest = weights.write(tmp_path / "w.safetensors", ARRAYS)
    (tmp_path / "w.safetensors").write_bytes(WHOLE[:-4] + b"\0\0\0\1")

    with pytest.raises(CorruptError, match=r"w\.safetensors does not match its digest"):
        weights.read(tmp_path / "w.safetensors", digest)
    with pytest.raises(CorruptError, match=r"v\.safetensors is missing"):
        weights.read(tmp_path / "v.safetensors", digest)
