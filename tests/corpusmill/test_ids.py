import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, ids
from corpusmill.types import Snapshot

NOT_NAMES = [
    "",
    ".",
    "..",
    "../bible",
    "a/b",
    "a\\b",
    "a..b",
    "bible.",
    "-rf",
    ".hidden",
    "_x",
    "Bible",
    "bible ",
    "bible\n",
    "bible\0",
    "a" * 64,
    "a" * 300,
    "библия",
    "ｂible",
    "é",
    "con",
    "CON",
    "nul",
    "aux.txt",
    "com1",
    "lpt9.a",
    "blobs",
    "refs",
    "locks",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text", ["a", "0", "bible", "war-and-peace", "my_poems.2", "a" * 63, "console", "com", "con1x"]
)
def test_these_are_names(text):
    assert ids.is_name(text)


@pytest.mark.parametrize("text", NOT_NAMES)
def test_these_are_not_names_and_never_become_paths(text, tmp_path):
    assert not ids.is_name(text)
    with pytest.raises(UnknownNameError, match="is not a corpus name: use a-z"):
        Store(tmp_path).corpus(text)


@given(st.text(max_size=300) | st.from_regex(r"[a-z.\-/\\_\x00-\x1f]{1,80}"))
def test_whatever_becomes_a_path_stays_right_below_the_root(text):
    root = Path("/store")
    try:
        path = Store(root).corpus(text)
    except UnknownNameError:
        return
    assert Path(os.path.normpath(path)).parent == root
    assert path.name == text == text.lower()
    assert len(text.encode()) <= 63


@given(st.text(max_size=300))
def test_any_text_has_a_slug_that_is_a_name(text):
    assert ids.is_name(ids.slug(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My Poems (1)", "my-poems-1"),
        ("bible", "bible"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "own-con"),
        ("refs", "own-refs"),
        ("Война и мир", "own"),
        ("", "own"),
        ("x" * 300, "x" * 48),
        ("a" * 47 + "-b", "a" * 47),
    ],
)
def test_a_slug_is_the_nearest_name(text, name):
    assert ids.slug(text) == name


@given(JSON, st.randoms(use_true_random=False))
def test_the_order_of_keys_never_changes_the_canonical_form(value, order: random.Random):
    assert ids.canonical(_shuffled(value, order)) == ids.canonical(value)


def _shuffled(value, order):
    if isinstance(value, dict):
        keys = order.sample(list(value), len(value))
        return {key: _shuffled(value[key], order) for key in keys}
    return [_shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_the_canonical_and_the_pretty_form_say_the_same_in_json(value):
    assert json.loads(ids.canonical(value)) == json.loads(ids.pretty(value)) == value


def test_canonical_is_sorted_utf8_without_spaces_and_pretty_ends_its_line():
    assert ids.canonical({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'.encode()
    assert ids.pretty({"b": 1, "a": 2}) == b'{\n "a": 2,\n "b": 1\n}\n'


@given(JSON, JSON)
def test_different_values_have_different_ids(one, other):
    assert (ids.content_id(one) == ids.content_id(other)) == (ids.canonical(one) == ids.canonical(other))


def test_a_value_and_a_table_of_the_same_fields_have_one_id():
    snapshot = Snapshot(corpus="a", id="b", origin="c", files=(), collected_at="")
    table = {"collected_at": "", "files": [], "origin": "c", "id": "b", "corpus": "a"}
    assert ids.content_id(snapshot) == ids.content_id(table)


def test_ids_are_pinned_because_stores_hold_them():
    assert ids.content_id({"a": [1, "é"]}) == "5db14a2cddc9"
    assert ids.document_id("https://host/a.txt") == "9f0c695ea80c7d24c586a0551f04945d"
    assert ids.document_id("https://host/a.txt", 7) == "70fe6e7a618091c5c24bfb6fdd3c6d15"
    assert ids.document_id("https://host/a.txt", "7") == "70fe6e7a618091c5c24bfb6fdd3c6d15"
    assert ids.document_id("stdlib:json/decoder.py", "é") == "a7926e86a6c9bafb768d6e3405ecdf11"
    assert ids.rows_digest([("a", "b"), ("", "é")])[:16] == "78bfc8ce118df6a9"
    assert ids.sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


ROWS = st.lists(st.lists(st.text("ab\0é", max_size=3), max_size=3).map(tuple), max_size=4)


@given(ROWS, ROWS)
def test_only_equal_tables_have_one_digest(one, other):
    assert (ids.rows_digest(one) == ids.rows_digest(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("ab", "c")], [("a", "bc")]),
        ([("a", "b")], [("a",), ("b",)]),
        ([("a", "")], [("", "a")]),
        ([("a", "")], [("a",)]),
        ([("a",), ("b",)], [("b",), ("a",)]),
        ([], [()]),
    ],
)
def test_no_boundary_of_field_or_row_is_lost(one, other):
    assert ids.rows_digest(one) != ids.rows_digest(other)


@given(st.binary(max_size=5000))
def test_a_file_has_the_digest_of_its_bytes(tmp_path_factory, body):
    path = tmp_path_factory.getbasetemp() / "digested"
    path.write_bytes(body)
    assert ids.file_sha256(path) == ids.sha256(body) == hashlib.sha256(body).hexdigest()


def test_ids_do_not_depend_on_the_hash_seed_or_the_locale():
    program = "from corpusmill.store import ids; print(ids.content_id({'b': {'é', 'a', 'c'}, 'a': 1}))"
    settings = [("0", "C"), ("7", "C.UTF-8")]
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONPATH": str(Path(ids.__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, locale in settings
    }
    assert len(found) == 1


def test_a_code_digest_covers_packages_and_single_modules_in_any_order():
    kernel, store = ids.code_digest("corpusmill.spec"), ids.code_digest("corpusmill.store")
    both = ids.code_digest("corpusmill.store", "corpusmill.spec")
    assert (
        both
        == ids.code_digest("corpusmill.spec", "corpusmill.store")
        == ids.code_digest("corpusmill.spec", "corpusmill.store", "corpusmill.store.ids")
    )
    assert len({kernel, store, both}) == 3
    assert all(len(digest) == 12 for digest in (kernel, store, both))


def test_a_code_digest_of_something_missing_is_an_error_even_beside_something_there():
    with pytest.raises(ModuleNotFoundError, match=r"no source at .*nowhere"):
        ids.code_digest("corpusmill.store", "corpusmill.nowhere")
