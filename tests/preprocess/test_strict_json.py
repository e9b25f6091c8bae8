import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess import strict_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty: "),
        (b"<html>404</html>", "not JSON: Expecting value: line 1 column 1"),
        (b'[{"a": 1}, {"b', "not JSON: Unterminated string starting at: line 1 column 13"),
        (b'{"a": 1, "b": 2, "a": 3}', "not JSON: key 'a' twice in one object"),
        (b"{" + b",".join(b'"%d": 0' % (n % 300_000) for n in range(300_001)) + b"}", "not JSON: key '0' twice"),
        (b"[NaN]", "not JSON: NaN is no number"),
        (b"[-Infinity]", "not JSON: -Infinity is no number"),
        (b'["\\ud83d"]', "not JSON: half a surrogate pair"),
        (b'["\\udf3d\\ud83c"]', "not JSON: half a surrogate pair"),
        (b"[" * 200_000, "not JSON: nested too deeply"),
        (b'{"a":' * 200_000, "not JSON: nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "not JSON: Exceeds the limit"),
        (b'["\xff"]', "undecodable: not utf-8 at offset 2"),
        (b'["\\u0041\0"]', "binary: a NUL in"),
    ],
)
def test_what_json_forbids_is_a_parse_error(body, message):
    with pytest.raises(ParseError) as caught:
        strict_json.loads(body)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (b'"\\ud83c\\udf3d"', "\N{EAR OF MAIZE}"),
        (b'"\\\\ud83c"', "\\ud83c"),
    ],
)
def test_what_json_allows_is_read(body, value):
    assert strict_json.loads(body) == value


@given(JSON, st.booleans())
def test_every_value_comes_back(value, ascii_only):
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
