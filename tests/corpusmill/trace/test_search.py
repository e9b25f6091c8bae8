"""What is found is what looking at every place of every document finds."""

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpusmill.trace.search import Novelty, Stretch, cover, maximal, novelty, pooled, where
from tests.corpusmill.trace.sorted_parts import parts_of

# one to four bytes, some beginning alike; few letters, so that much repeats
LETTERS = "ab\néè—你\U0001f600\U0001f601"
DOCUMENTS = st.lists(st.lists(st.text("ab\né", max_size=12) | st.text(LETTERS, max_size=6), max_size=4), max_size=3)
TEXT = st.text("abé", max_size=24) | st.text(LETTERS + "z\ud800\udc00￿", max_size=16)


def is_there(groups, words: str) -> bool:
    return any(words in text for texts in groups for text in texts)


def every_stretch(groups, text: str) -> set[Stretch]:
    """All that are there, by trying all."""
    pairs = combinations(range(len(text) + 1), 2)
    return {Stretch(start, end) for start, end in pairs if is_there(groups, text[start:end])}


def covered_slowly(stretches: set[Stretch], minimum: int) -> list[Stretch]:
    """The longest of all, the leftmost of equals, over and over."""
    free = {s for s in stretches if s.end - s.start >= minimum}
    taken = []
    while free:
        taken.append(min(free, key=lambda s: (s.start - s.end, s.start)))
        free = {s for s in free if s.end <= taken[-1].start or s.start >= taken[-1].end}
    return taken


@given(DOCUMENTS, TEXT)
@example([["the mill", "grinds"]], "the mill grinds")
@example([["é"]], "è")  # the first byte alike
@example([["\U0001f600"]], "\ud83d\ude00")  # the same as a pair of surrogates
@example([], "a")
@example([[""]], "a")
@example([["a" * 70], ["b"]], "b" + "a" * 69 + "c")  # longer than what is compared at first
def test_stretches_are_those_that_nothing_can_be_added_to(groups, text):
    there = every_stretch(groups, text)
    wider = {Stretch(s.start + 1, s.end) for s in there} | {Stretch(s.start, s.end - 1) for s in there}

    assert maximal(parts_of(*groups), text) == sorted(there - wider, key=lambda s: s.start)


@given(DOCUMENTS, TEXT, st.integers(1, 6))
def test_the_longest_is_taken_first_and_none_overlaps(groups, text, minimum):
    found = cover(maximal(parts_of(*groups), text), minimum)

    assert found == covered_slowly(every_stretch(groups, text), minimum)


@given(DOCUMENTS, TEXT)
def test_novelty_is_the_share_of_runs_that_are_nowhere(groups, text):
    found = novelty(maximal(parts_of(*groups), text), len(text), range(1, 8))

    assert [one.n for one in found] == list(range(1, min(len(text), 7) + 1))
    for one in found:
        runs = [text[start : start + one.n] for start in range(len(text) - one.n + 1)]
        new = sum(not is_there(groups, run) for run in runs)
        assert one == Novelty(one.n, new, len(runs), new / len(runs))


@given(DOCUMENTS, st.text("abé", min_size=1, max_size=3))
def test_every_place_is_counted_and_the_first_named(groups, words):
    texts = [text for group in groups for text in group]
    starts = [(number, start) for number, text in enumerate(texts) for start in range(len(text))]
    places = [(number, start) for number, start in starts if texts[number].startswith(words, start)]
    if not places:
        with pytest.raises(ValueError, match="in none of the parts"):
            where(parts_of(*groups), words)
        return

    parts = parts_of(*groups)
    times, number, place = where(parts, words)
    part = parts[number]

    before = part.text[:place].count(b"\xff")
    start = place - (part.text[:place].rfind(b"\xff") + 1)
    assert times == len(places)
    assert part.first + before == places[0][0]
    assert len(part.text[place - start : place].decode()) == places[0][1]


def test_what_was_recited_whole_is_one_stretch_however_long():
    text = "".join(f"{n} " for n in range(20_000))

    assert maximal(parts_of([text[:3000]], ["x"]), text[:3000] + "?") == [Stretch(0, 3000)]


def test_a_long_text_tells_how_far_the_search_is():
    told = []
    text = "ab" * 5000

    maximal(parts_of(["a", "b"]), text, lambda *said: told.append(said))

    assert told == [("trace", 4096, 10_000, "searching"), ("trace", 8192, 10_000, "searching")]


def test_several_texts_are_pooled_by_their_runs():
    one, other = (Novelty(5, 1, 4, 0.25), Novelty(6, 3, 3, 1.0)), (Novelty(5, 2, 2, 1.0),)

    assert pooled([one, other, ()]) == (Novelty(5, 3, 6, 0.5), Novelty(6, 3, 3, 1.0))
