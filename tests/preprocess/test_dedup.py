from hypothesis import given
from hypothesis import strategies as st

from corpusmill.types import Document
from preprocess.dedup import one_per_id, one_per_text

DOCUMENTS = st.lists(
    st.builds(
        Document,
        id=st.sampled_from("1234567"),
        text=st.sampled_from(["corn", "stone", "wheel"]),
        source=st.sampled_from("st"),
        raw_sha256=st.just("r"),
    )
)


def document(id_: str, text: str, source: str = "s") -> Document:
    return Document(id=id_, text=text, source=source, raw_sha256="r")


def test_of_equal_texts_the_smallest_id_stays_and_the_drop_names_it():
    kept, drops = one_per_text([document("3", "corn"), document("2", "stone"), document("1", "corn")])
    assert [d.id for d in kept] == ["1", "2"]
    assert [(d.id, d.step, d.reason) for d in drops] == [("3", "dedup", "same text: kept 1")]


def test_of_equal_ids_the_first_source_stays_and_the_drop_names_it():
    kept, drops = one_per_id([document("1", "new", "b.zip"), document("1", "old", "a.zip")])
    assert [d.text for d in kept] == ["old"]
    assert [(d.reason, d.source) for d in drops] == [("same id: kept the one from a.zip", "b.zip")]


def test_texts_that_differ_in_a_space_are_different():
    assert not one_per_text([document("1", "corn"), document("2", "corn ")])[1]


@given(DOCUMENTS, st.randoms())
def test_nothing_is_lost_and_the_order_does_not_matter(documents, random):
    shuffled = random.sample(documents, len(documents))
    for dedup in (one_per_id, one_per_text):
        kept, drops = dedup(documents)
        assert len(kept) + len(drops) == len(documents)
        assert dedup(shuffled)[0] == kept
        assert sorted(dedup(shuffled)[1], key=repr) == sorted(drops, key=repr)
        assert dedup(kept) == (kept, [])
