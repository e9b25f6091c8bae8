"""Golden pairs: ``<corpus>/raw/`` through the corpus's own sections gives ``<corpus>/expected.json``, to the letter.

A new corpus needs only its folder. A raw file may end in ``.raw``, which its address lacks: no linter or formatter then
touches its bytes. Where expected.json is missing, the test prints what it would hold.
"""

from pathlib import Path

import msgspec
import pytest

from corpusmill import spec
from preprocess.golden import made_of

HERE = Path(__file__).parent
CORPORA = sorted(path.name for path in HERE.iterdir() if (path / "raw").is_dir())


def test_every_corpus_has_a_golden_pair():
    assert spec.names() == CORPORA


@pytest.mark.parametrize("name", CORPORA)
def test_raw_files_give_the_expected_documents_and_drops(name, tmp_path):
    raw = {path.name: path.read_bytes() for path in (HERE / name / "raw").iterdir()}
    found, _ = made_of(spec.load(name), raw, tmp_path)
    expected = HERE / name / "expected.json"
    if not expected.is_file():
        pytest.fail(f"{expected} is missing; if this is right, save it:\n{found.decode()}")
    assert msgspec.json.decode(found) == msgspec.json.decode(expected.read_bytes())
