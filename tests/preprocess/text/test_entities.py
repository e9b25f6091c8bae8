import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.text.entities import numbered, resolved


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("R&D, AT&amp;T &copy nothing", "R&D, AT&T &copy nothing"),
        ("&lt;a&gt; &amp;lt; &#38;#39; &AMP;amp;", "<a> < ' &"),
        ("se &icirc;nv&acirc;rte &nosuch;", "se învârte &nosuch;"),
        ("&#0; &#xD800; &#x110000; &#128;", "&#0; &#xD800; &#x110000; €"),
    ],
)
def test_entities_are_resolved_however_often_they_are_escaped(written, plain):
    assert resolved(written) == plain


@pytest.mark.parametrize(("written", "plain"), [("&#345; &amp; &#x159;", "ř &amp; ř"), ("&#0; &#", "&#0; &#")])
def test_numbers_alone_may_be_resolved(written, plain):
    assert numbered(written) == plain


@given(st.lists(st.sampled_from(["&", "amp;", "#38;", "#x26;", "lt;", "a", ";", "#"])))
def test_no_escaped_ampersand_is_left(parts):
    assert "&amp;" not in resolved("".join(parts))
