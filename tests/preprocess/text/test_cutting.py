import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.text.cutting import lines, paragraphs
from preprocess.text.decode import unix


@given(st.text(st.sampled_from("ab\n\r ")), st.integers(0, 60))
@pytest.mark.parametrize("cut", [lines, paragraphs])
def test_a_cut_is_where_a_line_ends_and_counts_those_before(cut, text, seen):
    body = text.encode()
    if seen < len(body):
        end, count = cut(body[:seen])
        assert unix(text[:end]).count("\n") == count
        assert unix(text[:end]) + unix(text[end:]) == unix(text)
        assert not end or unix(text[:end]).endswith("\n" if cut is lines else "\n\n")
