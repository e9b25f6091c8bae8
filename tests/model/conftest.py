"""A small version, and a small run of it, for the tests of this folder."""

import shutil

import pytest
import torch

from benchmarks.material import version as published
from corpusmill.store import Store
from model.train import fit
from tests.model.small import corpus, texts


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks this small are fastest so, and tests run beside one another."""
    torch.set_num_threads(1)


@pytest.fixture
def version(store):
    return published(store, "sea", texts())


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A store with a run that no test may change, and the run."""
    store = Store(tmp_path_factory.mktemp("finished"))
    return store, fit(corpus(), published(store, "sea", texts()), store)[0]


@pytest.fixture
def spoilt(finished, tmp_path):
    """A copy of the store with the run, to be spoilt."""
    store, run = finished
    shutil.copytree(store.root, tmp_path / "spoilt")
    return Store(tmp_path / "spoilt"), run
