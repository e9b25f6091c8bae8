"""Names that people give to versions."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import CorruptError, UnknownNameError, UsageError
from corpusmill.store import Store, refs, tags
from tests.corpusmill.samples import keep, version


@pytest.fixture
def three(store) -> Store:
    keep(store, version(1), version(2), version(3))
    return store


def test_a_tag_names_a_version_and_can_be_moved_and_deleted(three):
    first, second, _ = three.versions("bible")
    assert tags.put(three, first, "paper") is None
    assert tags.put(three, second, "a.b-c_d") is None
    assert tags.of(three, "bible") == {"a.b-c_d": 2, "paper": 1}
    assert refs.resolve(three, "bible@paper") == first
    assert tags.put(three, second, "paper") == 1
    assert refs.version(three, "bible@paper") == second
    assert tags.remove(three, "bible", "paper") == 2
    assert tags.of(three, "bible") == {"a.b-c_d": 2}
    with pytest.raises(UnknownNameError, match="bible@paper is no tag"):
        tags.remove(three, "bible", "paper")
    with pytest.raises(UnknownNameError, match=r"bible@papr is not in the store.*bible@paper"):
        tags.put(three, first, "paper")
        refs.resolve(three, "bible@papr")


def test_a_number_stays_a_number(three):
    assert refs.resolve(three, "bible@v000003").number == refs.resolve(three, "bible@3").number == 3


@given(
    st.one_of(
        st.from_regex(r"v?\d+", fullmatch=True), st.sampled_from(["", "../x", "a/b", "CON", "con", "A", "é", ".a"])
    )
)
def test_what_names_a_version_or_leaves_the_folder_is_no_tag(tmp_path_factory, name):
    store = Store(tmp_path_factory.getbasetemp() / "tags")
    with pytest.raises(UsageError, match="cannot be a tag"):
        tags.put(store, version(), name)
    assert not store.root.exists()


def test_a_damaged_tag_is_named_and_a_stranger_in_the_folder_is_none(three):
    tags.put(three, three.versions("bible")[0], "paper")
    place = three.root / "refs" / "bible" / "tags"
    (place / "v7").write_text('"v000001"')
    (place / "elsewhere").write_text('"../../x"')
    assert tags.of(three, "bible") == {"paper": 1}
    (place / "paper").write_text("{")
    with pytest.raises(CorruptError, match=r"tags/paper is damaged"):
        tags.of(three, "bible")


def test_the_command_says_what_a_tag_is_now(three):
    def told(*arguments):
        command = [sys.executable, "-m", "corpusmill", "tag", *arguments, "--json"]
        environment = os.environ | {"CORPUSMILL_STORE": str(three.root)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    assert told("bible@v1", "paper") == (0, {"corpus": "bible", "tag": "paper", "version": 1, "before": None})
    assert told("bible", "paper", "--delete") == (0, {"corpus": "bible", "tag": "paper", "version": None, "before": 1})
    assert told("bible", "v2")[0] == 2
