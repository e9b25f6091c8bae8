import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import StoreError
from corpusmill.store.bucket import probe
from corpusmill.store.objects import PassingError, Steady
from tests.corpusmill.store.buckets import Deaf, Memory, Shim, busy, losing, refusing


def steady(bucket, deadline: float = 60.0) -> Steady:
    """With a clock that only waiting moves."""
    moved = []
    return Steady(bucket, deadline, moved.append, lambda: sum(moved))


def all_verbs(bucket) -> list[object]:
    bucket.put("a/1", b"one")
    bucket.copy("a/1", "a/2")
    made = [bucket.create("a/3", b"three"), bucket.create("a/3", b"other")]
    read = [bucket.get("a/3"), b"".join(bucket.pieces("a/2")), bucket.size("a/1"), bucket.size("a/9")]
    listed = [(entry.key, entry.size, bool(entry.tag)) for entry in bucket.list("a/")]
    bucket.delete(["a/1", "a/9"])
    return [made, read, listed, [entry.key for entry in bucket.list("")]]


@settings(deadline=None)
@given(every=st.integers(1, 5))
def test_a_busy_server_is_asked_until_it_answers(every):
    assert all_verbs(steady(Shim(Memory(), before=busy(every)))) == all_verbs(Memory())


@pytest.mark.parametrize("times", [1, 2, 5])
def test_what_was_created_though_the_answer_was_lost_is_ours(times):
    bucket = Memory()
    assert steady(Shim(bucket, after=losing(("create",), times))).create("v1", b"mine")
    assert bucket.held == {"v1": b"mine"}


def test_an_answer_that_was_lost_is_not_ours_when_the_object_is_anothers():
    bucket = Memory()

    def meanwhile(verb: str, key: str) -> None:
        if verb == "create" and not bucket.held:
            bucket.put(key, b"theirs")
            raise PassingError("timed out", "later")

    assert not steady(Shim(bucket, before=meanwhile)).create("v1", b"mine")
    assert bucket.held == {"v1": b"theirs"}


def test_equal_bytes_are_another_writers_when_no_answer_was_lost():
    bucket = Memory()
    assert [steady(bucket).create("v1", b"same") for _ in range(3)] == [True, False, False]


def test_a_refusal_without_an_object_is_asked_again():
    """409: a server says so while another's create is under way, which then may fail."""
    bucket, answers = Memory(), itertools.chain([False, False], itertools.repeat(None))

    class Conflicting(Shim):
        def create(self, key, body):
            said = next(answers)
            return self.inner.create(key, body) if said is None else said

    assert steady(Conflicting(bucket)).create("v1", b"mine")
    assert bucket.held == {"v1": b"mine"}


def test_a_server_that_stays_away_is_given_up_after_a_time_and_named():
    asked = Counter()

    def away(verb: str, key: str) -> None:
        asked[verb] += 1
        raise PassingError("s3://corpora: 503 SlowDown", "later")

    with pytest.raises(StoreError, match="503 SlowDown; it was asked for 60 s: repeat the command later"):
        steady(Shim(Memory(), before=away)).put("a", b"")
    assert 8 < asked["put"] < 40


def test_what_will_not_pass_is_asked_once():
    bucket = Memory()
    with pytest.raises(FileNotFoundError):
        steady(bucket).get("a")
    with pytest.raises(StoreError, match="403"):
        steady(Shim(bucket, before=refusing)).get("a")
    assert bucket.asked["get"] == 1


# Whether a bucket can be a store


def test_a_bucket_that_refuses_the_second_passes_and_nothing_is_left_in_it():
    bucket = Memory()
    probe(bucket)
    assert not bucket.held


class Full(Shim):
    def create(self, key, body):
        return False


@pytest.mark.parametrize(
    ("bucket", "message"),
    [
        (Deaf(Memory()), "s3://memory: it ignores the condition of a conditional write"),
        (Full(Memory()), "s3://memory: it says that a new key is there already"),
        (Shim(Memory(), before=refusing), "403"),
    ],
    ids=["ignores", "full", "forbidden"],
)
def test_a_bucket_of_which_two_could_win_is_refused(bucket, message):
    with pytest.raises(StoreError, match=message) as caught:
        probe(bucket)
    assert caught.value.hint
    assert not bucket.inner.held


def test_a_lost_answer_or_a_busy_server_does_not_make_a_good_bucket_look_bad():
    probe(steady(Shim(Memory(), before=busy(3))))
    probe(steady(Shim(Memory(), after=losing(("create",)))))
