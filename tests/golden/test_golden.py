"""Golden pairs: ``<corpus>/raw/`` through the corpus's own sections gives ``<corpus>/expected.json``, to the letter.

A new corpus needs only its folder. A raw file may end in ``.raw``, which its address lacks: no linter or formatter then
touches its bytes. Where expected.json is missing, the test prints what it would hold.
"""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import preprocess
from corpusmill import spec
from corpusmill.store.ids import pretty
from preprocess.build import prepare
from tests.preprocess.snapshots import take

HERE = Path(__file__).parent
CORPORA = sorted(path.name for path in HERE.iterdir() if (path / "raw").is_dir())


def test_every_corpus_has_a_golden_pair():
    assert spec.names() == CORPORA


@pytest.mark.parametrize("name", CORPORA)
def test_raw_files_give_the_expected_documents_and_drops(name, store):
    raw = {
        f"https://mill.example/{p.name.removesuffix('.raw')}": p.read_bytes() for p in (HERE / name / "raw").iterdir()
    }
    corpus = replace(spec.load(name), expect={})  # a sample is not the whole
    splits, drops = prepare(preprocess.check(corpus), corpus, take(store, name, raw), store)
    documents = sorted((d for documents in splits.values() for d in documents), key=lambda d: d.source + d.id)
    found = pretty({"documents": documents, "drops": sorted(drops, key=lambda d: (d.source, d.id, d.reason))})
    expected = HERE / name / "expected.json"
    if not expected.is_file():
        pytest.fail(f"{expected} is missing; if this is right, save it:\n{found.decode()}")
    assert msgspec.json.decode(found) == msgspec.json.decode(expected.read_bytes())
