"""The quality floor: what the default recipe reaches on real text. Lowered only in the open."""

import pytest

from benchmarks.material import version as published
from corpusmill.store.ids import sha256
from model.train import fit
from tests import needs
from tests.model.small import declared

SHAKESPEARE = "raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
DIGEST = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


@pytest.mark.parametrize(("steps", "floor"), [(60, 2.25)])
def test_the_default_recipe_learns_shakespeare(steps, floor, store):
    body = (needs.shared("web") / SHAKESPEARE).read_bytes()
    assert sha256(body) == DIGEST
    text = body.decode()
    cut = int(len(text) * 0.9)
    made = published(store, "sea", {"train": [text[:cut]], "validation": [text[cut:]]})
    recipe = {"steps": steps, "evaluations": 1, "threads": 1, "reset": 256}

    run, _ = fit(declared(recipe), made, store)

    assert run.best["nats_per_char"] < floor
