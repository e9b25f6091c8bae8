"""What `import corpusmill` gives, on a version that was built and a run that was trained."""

import gc
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import corpusmill
from corpusmill import api
from corpusmill.errors import CorruptError, UnknownNameError, UsageError
from corpusmill.store import Store, pins, shards
from corpusmill.types import Removal
from model.batches import batches
from model.sample import Sampler
from model.sampling.choose import Sampling
from model.score import score, split_text
from model.train import fit
from preprocess.build import build
from preprocess.ids import counts
from preprocess.vocab import Vocabulary
from tests.corpusmill.samples import keep
from tests.corpusmill.samples import version as listed
from tests.model.small import SMALL
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import MILL

VERSION = {"manifest", "store", "ref", "folder", "dataset", "documents", "texts", "vocabulary", "ids", "torch"}
RUN = {"manifest", "store", "ref", "folder", "version", "vocabulary", "metrics", "report", "sample", "score"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with two versions and a run, which no test may change."""
    store = Store(tmp_path_factory.mktemp("api") / "store")
    declared = corpus(train={**SMALL, "steps": 6, "evaluations": 2})
    first = take(store, "mill", MILL)
    second = take(store, "mill", MILL | {"file:more.txt": b"Another mill, and another stone. " * 9})
    keep(store, first, second)
    version, _ = build(declared, first, store)
    fit(declared, version, store)
    build(declared, second, store)
    return store


@pytest.fixture
def spoilt(stored, tmp_path):
    shutil.copytree(stored.root, tmp_path / "spoilt")
    return Store(tmp_path / "spoilt")


@pytest.fixture
def mill(stored):
    return corpusmill.load("mill@v1", stored)


@pytest.fixture
def run(stored):
    return corpusmill.runs("mill", stored)[0]


def flip(path: Path, place: float = 0.5) -> None:
    body = bytearray(path.read_bytes())
    body[int(len(body) * place)] ^= 1
    path.write_bytes(body)


def test_the_public_names_are_these(mill, run):
    assert corpusmill.__all__ == dir(corpusmill) == ["__version__", "corpora", "load", "runs", "versions"]
    assert {name for name in dir(mill) if name[0] != "_"} == VERSION | {"lineage", "diff"}
    assert {name for name in dir(run) if name[0] != "_"} == RUN | {"lineage"}
    assert all(getattr(corpusmill, name) is getattr(api, name) for name in corpusmill.__all__[1:])
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        corpusmill.laod  # noqa: B018


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        ("import corpusmill", {"torch", "pyarrow", "numpy", "typer", "msgspec"}),
        ("import corpusmill; print(corpusmill.load('mill', ROOT).manifest.id)", {"torch", "pyarrow", "numpy"}),
        ("import corpusmill; list(corpusmill.load('mill', ROOT).texts())", {"torch", "prefect"}),
        ("import corpusmill; corpusmill.runs('mill', ROOT)[0].sample('A', 3)", {"torch", "prefect"}),
    ],
)
def test_nothing_is_imported_before_it_is_needed(script, heavy, stored):
    told = "; import sys; sys.stderr.write('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    command = [sys.executable, "-c", script.replace("ROOT", repr(str(stored.root))) + told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not heavy & set(done.stderr.split())


def test_a_store_is_given_or_found_where_the_command_line_finds_it(stored, monkeypatch):
    for where in (stored, stored.root, str(stored.root)):
        assert corpusmill.corpora(where) == ["mill"]
        assert corpusmill.load("mill", where).ref == "mill@v2"
    monkeypatch.setenv("CORPUSMILL_STORE", str(stored.root))
    assert [version.ref for version in corpusmill.versions("mill")] == ["mill@v1", "mill@v2"]


def test_a_ref_is_what_the_command_line_takes(stored, mill, run):
    assert corpusmill.load("mill@v1", stored) == corpusmill.load(mill.manifest.id, stored) == mill
    assert corpusmill.load(run.ref, stored) == corpusmill.load(run.manifest.id[:6], stored) == run
    assert run.version == mill
    assert (mill.folder / "manifest.json").is_file()
    assert (run.folder / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda store: corpusmill.load("mil", store), UnknownNameError, "did you mean mill"),
        (lambda store: corpusmill.load("mill@v7", store), UnknownNameError, "mill@v7 is not in the store"),
        (lambda store: corpusmill.load("../mill", store), UnknownNameError, "no ref"),
        (lambda store: corpusmill.load("mill/snapshots/", store), UnknownNameError, "ambiguous"),
        (lambda store: corpusmill.versions("mlil", store), UnknownNameError, "did you mean mill"),
        (lambda store: corpusmill.runs("../x", store), UnknownNameError, "'../x' is not in "),
        (lambda store: corpusmill.load("mill", "ftp://host/store"), UsageError, "ftp://host/store"),
    ],
)
def test_what_is_not_there_is_said_with_what_it_could_be(call, error, said, stored):
    with pytest.raises(error) as caught:
        call(stored)
    assert said in str(caught.value)


def test_a_snapshot_is_not_loaded_but_built(stored, mill):
    with pytest.raises(UsageError, match=f"build it: corpusmill build mill --snapshot {mill.manifest.snapshot}"):
        corpusmill.load(f"mill/snapshots/{mill.manifest.snapshot}", stored)


def test_documents_and_texts_are_those_of_the_shards(mill):
    every = list(shards.documents(mill.folder, mill.manifest.shards))
    assert list(mill.documents()) == every
    of_test = list(mill.documents("test"))
    assert 0 < len(of_test) < len(every)
    assert list(mill.texts("test")) == [document.text for document in of_test]
    assert list(mill.texts()) == [document.text for document in mill.documents("train")]
    for read in (mill.documents, mill.texts, lambda split: mill.torch(4, 2, split)):
        with pytest.raises(UnknownNameError, match=r"mill@v1 has no split 'tain': it has train, validation, test"):
            read("tain")


def test_a_dataset_has_every_row_and_tells_its_split(mill):
    rows = mill.dataset.to_table(columns=["id", "text", "split"]).to_pylist()
    for split in ("train", "validation", "test"):
        mine = [(document.id, document.text) for document in mill.documents(split)]
        assert mine == [(row["id"], row["text"]) for row in rows if row["split"] == split]
        assert mill.dataset.count_rows(filter=ds.field("split") == split) == len(mine)
    assert mill.dataset is mill.dataset


def test_a_filter_on_the_split_opens_only_its_shards(mill):
    kept = mill.dataset.get_fragments(filter=ds.field("split") == "test")
    assert [Path(fragment.path).name for fragment in kept] == ["test-00000-of-00001.parquet"]


def test_a_column_split_of_the_corpus_s_own_stays(store):
    declared = corpus(parse={"kind": "text", "columns": {"split": "string"}})
    snapshot = take(store, "mill", MILL)
    keep(store, snapshot)
    version, _ = build(declared, snapshot, store)
    table = corpusmill.load("mill", store).dataset.to_table()
    assert table.column("split").null_count == len(table) == sum(shard.rows for shard in version.shards)


def test_a_shard_that_is_not_what_was_published_is_never_read(spoilt):
    mill = corpusmill.load("mill@v1", spoilt)
    path = mill.folder / mill.manifest.shards[0].path
    flip(path)
    for read in (lambda: mill.dataset, lambda: list(mill.texts()), lambda: list(mill.documents())):
        with pytest.raises(CorruptError, match=path.name):
            read()
    path.unlink()
    with pytest.raises(CorruptError, match="is missing"):
        mill.dataset  # noqa: B018


def test_a_page_that_rots_while_a_dataset_is_in_use_is_not_read(spoilt):
    mill = corpusmill.load("mill@v1", spoilt)
    table = mill.dataset
    flip(mill.folder / mill.manifest.shards[0].path, 0.2)
    with pytest.raises((OSError, pa.ArrowException)):
        table.to_table()


@pytest.mark.parametrize("use", [lambda mill: mill.dataset, lambda mill: (texts := mill.texts(), next(texts))])
def test_what_is_in_use_is_held(use, spoilt):
    mill = corpusmill.load("mill@v1", spoilt)
    used = use(mill)
    with pins.alone(spoilt, mill.manifest) as free:
        assert not free
    del used, mill
    gc.collect()
    with pins.alone(spoilt, corpusmill.load("mill@v1", spoilt).manifest) as free:
        assert free


def test_ids_are_the_texts_by_a_vocabulary(mill, run):
    own = mill.vocabulary()
    assert own == run.vocabulary == Vocabulary.of(counts(mill.manifest, "train", mill.store, "\n\n"))
    for vocabulary in (own, mill.vocabulary(min_count=40), Vocabulary("abc")):
        for split, encoded in mill.ids(vocabulary).items():
            text = "\n\n".join(mill.texts(split))
            assert np.array_equal(encoded.ids, vocabulary.encode(text))
            assert [text[start:][:5] for start in encoded.starts] == [each[:5] for each in mill.texts(split)]
    assert own.decode(mill.ids()["train"].ids) == "\n\n".join(mill.texts())
    barred = mill.vocabulary(separator="|").decode(mill.ids(separator="|")["test"].ids)
    assert barred == "|".join(mill.texts("test"))


def test_batches_are_those_of_training_an_epoch_a_loop(mill):
    windows, read = mill.torch(16, 4, seed=3), batches(mill.ids()["train"].ids, 4, 16, 3, {"epoch": 0, "window": 0})
    loops = [list(windows), list(windows)]
    for inputs, targets in (pair for loop in loops for pair in loop):
        expected, _ = next(read)
        assert tuple(inputs.shape) == (4, 16)
        assert np.array_equal(inputs.numpy(), expected.inputs.T)
        assert np.array_equal(targets.numpy(), expected.targets.T)
    assert next(read)[0].first
    assert min(map(len, loops)) > 1
    assert windows.epoch == 2
    assert [pair[0].tolist() for pair in mill.torch(16, 4, seed=3)] == [pair[0].tolist() for pair in loops[0]]


@pytest.mark.parametrize(
    ("seq", "batch", "said"),
    [(1 << 20, 4, "the train split of mill@v1 has "), (0, 4, "holds nothing"), (4, 0, "holds nothing")],
)
def test_batches_that_the_text_has_no_room_for_are_refused(seq, batch, said, mill):
    with pytest.raises(UsageError, match=said):
        mill.torch(seq, batch)


def test_lineage_goes_both_ways(mill, run):
    for graph in (mill.lineage, run.lineage):
        assert {mill.ref, run.ref} <= {node.id for node in graph.nodes}


def test_a_diff_goes_from_this_version_to_the_other(stored, mill, store):
    for other in ("mill@v2", corpusmill.load("mill@v2", stored)):
        found = mill.diff(other)
        assert (found.before, found.after) == ("mill@v1", "mill@v2")
        assert {change.source for change in found.added} == {"file:more.txt"}
    with pytest.raises(UsageError, match="is in another store"):
        mill.diff(replace(mill, store=store))


def test_a_run_samples_and_scores_as_the_command_line_does(run):
    how = Sampling(length=20, temperature=0.7, top_k=5, top_p=0.9, seed=3)
    pieces = Sampler.load(run.manifest, run.store).stream("The", how)
    assert run.sample("The", 20, temperature=0.7, top_k=5, top_p=0.9, seed=3) == "The" + "".join(pieces)
    assert len(run.sample()) == 500
    text = split_text(run.manifest, run.store, "validation")
    assert run.score(text, reset=8) == score(run.manifest, run.store, text, reset=8)
    assert run.score(split="validation", reset=8) == replace(run.score(text, reset=8), split="validation")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: run.score(), "give a text or a split"),
        (lambda run: run.score("A mill", split="test"), "give a text or a split"),
        (lambda run: run.score(""), "nothing to score"),
        (lambda run: run.sample(length=-1), "cannot be sampled"),
        (lambda run: run.sample(temperature=-1), "cannot be sampled"),
        (lambda run: run.sample(top_p=2), "cannot be sampled"),
    ],
)
def test_what_a_run_cannot_do_is_said(call, said, run):
    with pytest.raises(UsageError, match=said):
        call(run)


def test_a_run_shows_how_it_learnt(run, spoilt):
    assert [line["iteration"] for line in run.metrics] == [1, 2, 3, 4, 5, 6]
    assert run.report is None
    other = corpusmill.runs("mill", spoilt)[0]
    (other.folder / "report.html").write_text("<html>", encoding="utf-8")
    assert other.report == other.folder / "report.html"
    flip(other.folder / "metrics.jsonl")
    with pytest.raises(CorruptError, match=r"metrics\.jsonl"):
        other.metrics  # noqa: B018
    flip(other.folder / other.manifest.checkpoint)
    with pytest.raises(CorruptError, match="safetensors"):
        other.sample()


def test_they_show_themselves_in_a_line_and_in_a_table(mill, run):
    documents = sum(1 for _ in mill.documents())
    assert repr(mill).startswith(f"<mill@v1: {documents} documents, ")
    assert repr(run) == f"<{run.ref}: {run.manifest.best['bits_per_byte']:.3f} bits per byte, of mill@v1>"
    for shown in (mill._repr_html_(), run._repr_html_()):
        assert shown.startswith("<table><caption>mill")
        assert "mill@v1" in shown


def test_what_is_shown_does_nothing(store):
    removal = Removal(at="2026-01-01T00:00:00Z", reason="asked", documents=1, hashes=(), content="c")
    version = listed(title="<script>alert(1)</script>\u202e", licence_note="<b>", removals=(removal,))
    shown = api.OpenVersion(version, store)._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "\u202e" not in shown
    assert "1 document<" in shown
