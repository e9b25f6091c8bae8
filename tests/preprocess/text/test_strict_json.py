import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.text import strict_json

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


@pytest.mark.parametrize("value", [[], [1], [1, [2], {"a": []}, "]"], [{}] * 9])
def test_the_items_of_a_list_come_one_by_one(value):
    assert list(strict_json.items(b"\xef\xbb\xbf " + json.dumps(value, indent=1).encode() + b"\n")) == value


def test_items_longer_than_a_window_together_come_all(monkeypatch):
    monkeypatch.setattr(strict_json, "LONGEST", 20)
    value = [123456, "a" * 17, 1, [1, 2, 3], 1234567890123456789]
    assert list(strict_json.items(json.dumps(value).encode())) == value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "not a list: "),
        (b"[1", "not JSON: neither comma nor ]"),
        (b"[1,", "not JSON: Expecting value"),
        (b"[", "not JSON: Expecting value"),
        (b"[1,]", "not JSON: no item after the comma"),
        (b"[1 2]", "not JSON: neither comma nor ]"),
        (b"[1] 2", "not JSON: more follows the list"),
        (b'[{"a": 1, "a": 2}]', "not JSON: key 'a' twice"),
        (b"[NaN]", "not JSON: NaN is no number"),
        (b'["\\ud83d"]', "not JSON: half a surrogate pair"),
        (b"[" + b"[" * 200_000, "not JSON: nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "not JSON: Exceeds the limit"),
        (b'["' + b"a" * (1 << 23) + b'"]', "not JSON: Unterminated string starting at: character 1 within 8,388,608"),
    ],
)
def test_a_list_that_is_none_is_refused_where_it_ends_to_be_one(body, message):
    with pytest.raises(ParseError) as caught:
        list(strict_json.items(body))
    assert caught.value.message.startswith(message)
