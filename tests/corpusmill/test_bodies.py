import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import CorruptError
from corpusmill.store import blobs
from corpusmill.store.bodies import IN_MEMORY, opened
from corpusmill.store.ids import sha256

LONG = b"Grain upon grain, and stone upon stone.\n" * (IN_MEMORY // 39)


@pytest.mark.parametrize("body", [b"", b"short", LONG], ids=["empty", "short", "long"])
def test_a_body_comes_back_as_a_file(store, body):
    with opened(store.root, blobs.put(store.root, body)) as file:
        assert file.read() == body
        file.seek(len(body) // 2)
        assert file.read() == body[len(body) // 2 :]


def test_a_missing_body_is_told(store):
    with pytest.raises(CorruptError, match="is missing"):
        opened(store.root, sha256(b"never put"))


@settings(max_examples=50)
@given(place=st.integers(0), bit=st.integers(0, 7), cut=st.booleans())
def test_no_damaged_body_is_handed_out(tmp_path_factory, place, bit, cut):
    root = tmp_path_factory.getbasetemp() / "bodies"
    digest = blobs.put(root, LONG[:5000])
    path = blobs.blob_path(root, digest)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + (b"" if cut else bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]))
    try:
        with opened(root, digest) as file:
            assert file.read() == LONG[:5000]  # a bit that means nothing
    except CorruptError:
        pass
    finally:
        path.unlink()
