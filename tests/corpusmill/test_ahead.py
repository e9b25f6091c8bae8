"""What comes from a thread of its own comes whole, in order, and takes its errors with it."""

import threading

import pytest

from corpusmill.archive.ahead import ahead


@pytest.mark.parametrize("count", [0, 1, 8, 9, 1000])
def test_every_item_comes_once_and_in_order(count):
    assert list(ahead(iter(range(count)))) == list(range(count))


def test_an_error_comes_after_the_items_before_it():
    def cut():
        yield from range(20)
        raise ValueError("cut")

    came = []
    with pytest.raises(ValueError, match="cut"):
        for item in ahead(cut()):
            came.append(item)  # noqa: PERF402 - what came before the error is what matters
    assert came == list(range(20))


def test_the_thread_ends_with_whoever_takes_the_items():
    def endless():
        while True:
            yield b"more"

    before, items = threading.active_count(), ahead(endless())
    assert next(items) == b"more"
    assert threading.active_count() == before + 1
    items.close()
    assert threading.active_count() == before
