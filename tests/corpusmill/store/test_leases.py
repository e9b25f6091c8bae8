"""Who says in a bucket that it reads or writes keeps others away, and only while it lives."""

import threading

import pytest

from corpusmill.errors import BusyError
from corpusmill.store import leases
from corpusmill.store.objects import RefusedError
from tests.corpusmill.store.buckets import Memory, Shim


@pytest.fixture
def bucket() -> Memory:
    return Memory()


def test_a_lease_of_a_dead_machine_ends_and_one_of_a_dead_process_here_is_nothing(bucket):
    bucket.put(f"{leases.PLACE}bible.v000001/there.1.shared", b"")
    bucket.put(f"{leases.PLACE}bible.v000001/here.1.shared", b"")
    with leases.alone(bucket, "bible.v000001", "here") as free:
        assert not free
    written_ = bucket.written[f"{leases.PLACE}bible.v000001/there.1.shared"]
    bucket.clock = lambda: written_ + 1.01 * leases.LIFE
    with leases.alone(bucket, "bible.v000001", "here") as free:
        assert free
        with pytest.raises(BusyError), leases.shared(bucket, "bible.v000001", "there", wait=False):
            pass
    assert not bucket.held


def test_a_lease_is_written_anew_while_it_lasts(bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED", 0.01)
    moments = set()
    with leases.shared(bucket, "x", "here"):
        while len(moments) < 3:
            moments |= {entry.changed for entry in bucket.list(leases.PLACE)}
    assert not bucket.held


def test_who_may_only_read_needs_no_lease(bucket):
    def refuses(verb: str, key: str) -> None:
        if verb == "put":
            raise RefusedError("403", "check the keys")

    with leases.shared(Shim(bucket, before=refuses), "x", "here"):
        pass


def test_of_many_who_want_it_alone_one_has_it_at_a_time(bucket):
    inside, most = [], []

    def take(name: str) -> None:
        with leases.alone(bucket, "x", name, patience=60) as free:
            assert free
            inside.append(name)
            most.append(len(inside))
            inside.pop()

    takers = [threading.Thread(target=take, args=(f"machine{n}",)) for n in range(3)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert most == [1, 1, 1]
