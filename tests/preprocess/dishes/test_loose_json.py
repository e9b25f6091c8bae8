import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.dishes.loose_json import values

ANY = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=9,
).filter(lambda value: isinstance(value, list | dict))


@given(ANY)
def test_json_is_read_as_it_stands(value):
    assert values(json.dumps(value)) == [value]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": "b",}', [{"a": "b"}]),
        ('["a", "b", , ]', []),
        ('["a",\n "b",\n]', [["a", "b"]]),
        ('{"a": "b\nc\td"}', [{"a": "b\nc\td"}]),
        ('{"a": "9" pan"}', [{"a": '9" pan'}]),
        ('{"a": "it\\\'s", }', [{"a": "it's"}]),
        ('{"a": "\\u00e9 \\u12 \\q",}', [{"a": "é u12 q"}]),
        ('{"a": "http://b/*c*/", // why\n /* and */ "d": "e"}', [{"a": "http://b/*c*/", "d": "e"}]),
        ("{&quot;a&quot;: &quot;b &amp;amp; c&quot;}", [{"a": "b &amp; c"}]),
        ('{"a": "b"}; {"c": "d"}', [{"a": "b"}, {"c": "d"}]),
        ('<!-- {"a": "b"} -->', [{"a": "b"}]),
        ('//<![CDATA[\n{"a": "b"}\n//]]>', [{"a": "b"}]),
        ("[1, 1.50, NaN, true]", [["1", "1.50", None, True]]),
        ("[" + "1" * 9_999 + "]", [["1" * 9_999]]),
        ("", []),
        ("{", []),
        ("[" * 99_999, []),
        ("words", []),
    ],
)
def test_what_is_broken_is_mended_or_gives_nothing(text, found):
    assert values(text) == found
