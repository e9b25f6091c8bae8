import io

import pytest

from collectors import files
from corpusmill import spec
from corpusmill.errors import ContentError, SpecError
from corpusmill.http import Fetched
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile

INDEX = "https://host/Books.json"
ITEM = "https://host/books/{name}.json"


class Web:
    """A web of a few bodies, which remembers what it was asked for."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = {f"https://host/{name.replace('__', '.')}": body for name, body in bodies.items()}
        self.asked: list[str] = []

    def get(self, url: str) -> Fetched:
        if url not in self.asked:
            self.asked.append(url)
        body = self.bodies.get(url, b"text")
        record = RawFile(url=url, final_url=url, status=200, sha256=sha256(body), bytes=len(body))
        return Fetched(record, opener=lambda: io.BytesIO(body))

    def each(self, urls: list[str]):
        return map(self.get, urls)


def options(table) -> files.Options:
    return spec.options(files.Options, table, "p.toml", "source")


def fetched(table, web: Web) -> list[str]:
    return [record.url for record, _ in files.collect(options(table), web)]


def test_listed_addresses_are_fetched_in_their_order_each_with_how_many_there_are():
    got = list(files.collect(options({"urls": ["https://host/c", "https://host/b"]}), Web()))
    assert [(record.url, total) for record, total in got] == [("https://host/c", 2), ("https://host/b", 2)]


def test_an_index_names_what_is_fetched_after_it():
    web = Web(Books__json=b'["Genesis", "1 John"]')
    table = {"urls": ["https://host/README"], "index": {"url": INDEX, "item": ITEM, "remove": " "}}
    got = list(files.collect(options(table), web))
    assert [record.url for record, _ in got] == [
        INDEX,
        "https://host/README",
        "https://host/books/Genesis.json",
        "https://host/books/1John.json",
    ]
    assert {total for _, total in got} == {4}
    assert web.asked == [record.url for record, _ in got]


def test_nothing_is_fetched_twice():
    web = Web(Books__json=b'["a", "a", "a ", "b"]')
    table = {"urls": [INDEX, "https://host/books/b.json"], "index": {"url": INDEX, "item": ITEM, "remove": " "}}
    wanted = [INDEX, "https://host/books/b.json", "https://host/books/a.json"]
    assert fetched(table, web) == wanted
    assert web.asked == wanted


def test_what_is_first_is_fetched_before_what_is_next_is_asked_for():
    web = Web()
    got = files.collect(options({"urls": ["https://host/a", "https://host/b"]}), web)
    next(got)
    assert web.asked == ["https://host/a"]


@pytest.mark.parametrize(
    ("name", "remove", "address"),
    [
        ("Song of Solomon", " ", "https://host/books/SongofSolomon.json"),
        ("Song of Solomon", "", "https://host/books/Song%20of%20Solomon.json"),
        ("Bücher", "", "https://host/books/B%C3%BCcher.json"),
        ("a/b", "", "https://host/books/a/b.json"),
        ("50%?#&", "", "https://host/books/50%25%3F%23%26.json"),
        ("{name}", "{}", "https://host/books/name.json"),
    ],
)
def test_a_name_becomes_an_address_whatever_characters_it_has(name, remove, address):
    assert files.Index(url=INDEX, item=ITEM, remove=remove).address(name) == address


@pytest.mark.parametrize("body", [b'["Genesis"]', b'\xef\xbb\xbf["Genesis"]', b' [\n"Genesis"\n]\r\n'])
def test_an_index_may_have_a_byte_order_mark_and_white_space(body):
    table = {"index": {"url": INDEX, "item": ITEM}}
    assert fetched(table, Web(Books__json=body)) == [INDEX, "https://host/books/Genesis.json"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>Not here</html>", "JSON is malformed"),
        (b'["Genesis"', "Input data was truncated"),
        (b'["Gen\xe9sis"]', "'utf-8' codec can't decode"),
        (b'["\\ud800"]', "Input data was truncated"),
        (b'{"a": "Genesis"}', "Expected `array`, got `object`"),
        (b"[]", "Expected `array` of length >= 1"),
        (b'["Genesis", 3]', "Expected `str`, got `int` - at `$[1]`"),
        (b'["Genesis", ""]', "Expected `str` of length >= 1 - at `$[1]`"),
        (b"[" * 100_000, "Expected `str`, got `array`"),
    ],
)
def test_an_index_that_is_no_list_of_names_is_refused(body, problem):
    with pytest.raises(ContentError) as caught:
        fetched({"index": {"url": INDEX, "item": ITEM}}, Web(Books__json=body))
    assert caught.value.message.startswith(f"{INDEX} is not a JSON list of names: {problem}")
    assert caught.value.hint == "check the address of the index"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "p.toml: source names no address: give it urls = [...] or a [source.index]"),
        ({"urls": []}, "p.toml: source names no address: give it urls = [...] or a [source.index]"),
        ({"urls": "https://host/a"}, "p.toml: source.urls: Expected `array`, got `str`: mend the value"),
        ({"url": ["https://host/a"]}, "p.toml: unknown key 'source.url': did you mean urls?"),
        (
            {"urls": ["host/a"]},
            "p.toml: source: 'host/a' is not an http address: write it as https://host/path",
        ),
        (
            {"urls": ["https:///a"]},
            "p.toml: source: 'https:///a' is not an http address: write it as https://host/path",
        ),
        (
            {"urls": ["file:///etc/passwd"]},
            "p.toml: source: 'file:///etc/passwd' is not an http address: write it as https://host/path",
        ),
        (
            {"urls": ["https://[host/a"]},
            "p.toml: source: 'https://[host/a' is not an address: Invalid IPv6 URL: write it as https://host/path",
        ),
        (
            {"index": {"url": INDEX}},
            "p.toml: source.index: Object missing required field `item`: mend the value",
        ),
        (
            {"index": {"url": INDEX, "item": "https://host/a"}},
            "p.toml: source.index.item 'https://host/a' has no {name}: write it as https://host/{name}.json",
        ),
        (
            {"index": {"url": INDEX, "item": "{name}"}},
            "p.toml: source: '{name}' is not an http address: write it as https://host/path",
        ),
        ({"index": {"ulr": INDEX}}, "p.toml: unknown key 'source.index.ulr': did you mean url?"),
    ],
)
def test_a_wrong_source_is_refused_before_anything_is_fetched(table, message):
    with pytest.raises(SpecError) as caught:
        options(table)
    assert str(caught.value) == message


def test_the_origin_is_the_first_address():
    assert files.origin(options({"urls": ["https://host/b", "https://host/a"]})) == "https://host/b"
    assert files.origin(options({"urls": ["https://host/b"], "index": {"url": INDEX, "item": ITEM}})) == INDEX


@pytest.mark.parametrize(
    ("urls", "values", "addresses"),
    [
        (["https://h/{n}"], {"n": ["1..3"]}, ["https://h/1", "https://h/2", "https://h/3"]),
        (["https://h/{n}"], {"n": ["08..10", 3]}, ["https://h/08", "https://h/09", "https://h/10", "https://h/3"]),
        (["https://h/{n}/{n}.txt"], {"n": [2600]}, ["https://h/2600/2600.txt"]),
        (["https://h/{a}/{b}"], {"a": ["x", "y"], "b": [1, 2]}, [f"https://h/{a}/{b}" for a in "xy" for b in (1, 2)]),
        (["https://h/{n}", "https://h/1"], {"n": [1]}, ["https://h/1"]),
        (["https://h/{n}"], {"n": ["a b/é"]}, ["https://h/a%20b/%C3%A9"]),
        (["https://h/?key=${KEY}"], {}, ["https://h/?key=${KEY}"]),
        (["https://h/{n}"], {"n": ["3..1"]}, []),
    ],
)
def test_a_field_in_an_address_stands_for_each_of_its_values(urls, values, addresses):
    if not addresses:
        with pytest.raises(SpecError, match="gives it no value"):
            options({"urls": urls, "values": values})
        return
    assert options({"urls": urls, "values": values}).addresses() == addresses


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"urls": ["https://h/{n}"]}, "source: 'https://h/{n}' has {n}, and source.values gives it no value"),
        (
            {"urls": ["https://h/{n}"], "values": {"n": ["0..99999999"]}},
            "source.values: '0..99999999' is too long a range",
        ),
        (
            {"urls": ["https://h/{a}{b}"], "values": {"a": ["0..999"], "b": ["0..999"]}},
            "source: urls stand for more than 100,000 addresses",
        ),
    ],
)
def test_fields_that_stand_for_nothing_or_too_much_are_refused(table, message):
    with pytest.raises(SpecError) as caught:
        options(table)
    assert message in str(caught.value)
