from itertools import islice, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.batches import ROUNDS, START, batches, shortest

sizes = st.tuples(st.integers(1, 5), st.integers(1, 7))  # streams, length


@st.composite
def texts(draw):
    """Streams, length, seed, and ids that name their own place in the text."""
    streams, length = draw(sizes)
    least = shortest(streams, length)
    return np.arange(draw(st.integers(least, least + 60))), streams, length, draw(st.integers(0, 1 << 40))


def take(count, ids, streams, length, seed, position=START):
    return list(islice(batches(ids, streams, length, seed, position), count))


@given(texts())
def test_each_character_is_followed_by_its_target(text):
    for batch, _ in take(12, *text):
        assert batch.inputs.shape == batch.targets.shape == (text[2], text[1])
        assert (batch.targets == batch.inputs + 1).all()
        assert (np.diff(batch.inputs, axis=0) == 1).all()


@given(texts())
def test_every_stream_goes_on_where_its_last_window_ended(text):
    for (before, _), (after, _) in pairwise(take(12, *text)):
        if not after.first:
            assert (after.inputs[0] == before.targets[-1]).all()


@given(texts())
def test_an_epoch_reads_nothing_twice_and_leaves_out_less_than_a_window_of_each_stream(text):
    ids, streams, length, _ = text
    epoch = [b.inputs for b, at in take(100, *text) if at["epoch"] == 0]
    read = np.concatenate(epoch).ravel().tolist()

    assert len(set(read)) == len(read)
    assert len(ids) - len(read) <= (streams + 1) * length


@given(texts(), st.integers(0, 30))
def test_reading_resumes_after_any_batch(text, done):
    straight = take(done + 6, *text)
    position = straight[done - 1][1] if done else START

    resumed = take(6, *text, position)

    for (a, at_a), (b, at_b) in zip(straight[done:], resumed, strict=True):
        assert at_a == at_b
        assert a.first == b.first
        assert (a.inputs == b.inputs).all()


def test_epochs_cut_the_text_at_different_places():
    starts = {int(b.inputs[0, 0]) for b, _ in take(400, np.arange(500), 2, 16, 3) if b.first}

    assert len(starts) > 5
    assert max(starts) < 16


def pieced(count, pieces, ids, streams, length, seed, position=START):
    return list(islice(batches(ids, streams, length, seed, position, pieces=pieces), count))


@given(texts(), st.integers(1, 40))
def test_pieces_begin_from_zero_and_go_on_until_they_end(text, pieces):
    ids, streams, length, _ = text
    each = max(min(pieces, (len(ids) - 1) // (ROUNDS * streams + 1)) // length, 1)

    read = pieced(12, pieces, *text)

    assert [batch.first for batch, at in read if at["epoch"] == 0] == [
        number % each == 0 for number, (_, at) in enumerate(read) if at["epoch"] == 0
    ]
    for (before, _), (after, _) in pairwise(read):
        assert after.first or (after.inputs[0] == before.targets[-1]).all()


@given(texts(), st.integers(1, 40))
def test_an_epoch_of_pieces_reads_nothing_twice_and_leaves_out_less_than_one_more_for_each_stream(text, pieces):
    ids, streams, length, _ = text
    read = [place for b, at in pieced(200, pieces, *text) if at["epoch"] == 0 for place in b.inputs.ravel().tolist()]

    assert len(set(read)) == len(read)
    assert len(ids) - len(read) <= (streams + 1) * max(pieces, length) + length


@given(texts(), st.integers(1, 40), st.integers(0, 30))
def test_reading_pieces_resumes_after_any_batch(text, pieces, done):
    straight = pieced(done + 6, pieces, *text)
    position = straight[done - 1][1] if done else START

    resumed = pieced(6, pieces, *text, position)

    for (a, at_a), (b, at_b) in zip(straight[done:], resumed, strict=True):
        assert (at_a, a.first, a.inputs.tolist()) == (at_b, b.first, b.inputs.tolist())


def test_pieces_come_in_another_order_each_epoch():
    orders = {}
    for batch, at in pieced(400, 32, np.arange(2000), 4, 16, 3):
        orders.setdefault(at["epoch"], []).append(tuple(batch.places // 32))

    assert orders[0] != sorted(orders[0])
    assert orders[1] != orders[2]
