import copy
import dataclasses
import tomllib
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill import spec
from corpusmill.errors import SpecError, UnknownNameError
from corpusmill.types import Corpus

GOOD = """
title = "Poems"
licence = "CC0-1.0"
[source]
transport = "local"
path = "poems"
[parse]
kind = "text"
[train]
hidden = 128
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    url: str
    item: str = ""
    kind: Literal["html", "text"] = "html"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    hidden: Annotated[int, msgspec.Meta(ge=1)] = 128
    cell: Literal["lstm", "gru"] = "lstm"
    rate: float = 0.01
    include: tuple[str, ...] = ()
    index: Inner | None = None

    def __post_init__(self) -> None:
        if self.include == ("never",):
            raise SpecError("train.include names nothing", "name something")


def test_a_corpus_is_its_sections_and_the_name_of_its_file():
    corpus = spec.parse(GOOD, "datasets/poems.toml")
    assert corpus == Corpus(
        name="poems",
        title="Poems",
        licence="CC0-1.0",
        source={"transport": "local", "path": "poems"},
        parse={"kind": "text"},
        train={"hidden": 128},
        declared_in="datasets/poems.toml",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("title =", "titel ="), "p.toml: unknown key 'titel': did you mean title?"),
        (("[parse]", "[pars]"), "p.toml: unknown key 'pars': did you mean parse?"),
        (("[train]", "[zzz]"), "p.toml: unknown key 'zzz': keys: about, clean, "),
        (('title = "Poems"', ""), "p.toml: the file: Object missing required field `title`: mend the value"),
        (('title = "Poems"', "title = 3"), "p.toml: title: Expected `str`, got `int`: mend the value"),
        (('[parse]\nkind = "text"', ""), "p.toml: the file: Object missing required field `parse`: mend the value"),
        (("[train]\nhidden = 128", "[[train]]"), "p.toml: train: Expected `object`, got `array`: mend the value"),
        (
            ('title = "Poems"', 'name = "x"'),
            "p.toml: unknown key 'name': a corpus is named by its file; remove the key",
        ),
        (("title =", 'declared_in = "x"\ntitle ='), "p.toml: unknown key 'declared_in': a corpus is named by its file"),
        (('"Poems"', '"Poems'), "p.toml is not TOML: Illegal character '\\n' (at line 2, column 15): mend the line"),
        (("title =", "title = 1\ntitle ="), "p.toml is not TOML: Cannot overwrite a value (at line 3, column 16)"),
        (("title", "\ufefftitle"), "p.toml is not TOML: Invalid statement (at line 2, column 1)"),
    ],
)
def test_a_wrong_file_is_refused_naming_file_key_and_nearest_match(change, message):
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    with pytest.raises(SpecError) as caught:
        spec.parse(text, "p.toml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"hiden": 3}, "p.toml: unknown key 'train.hiden': did you mean hidden or index?"),
        ({"hidden": 0}, "p.toml: train.hidden: Expected `int` >= 1: mend the value"),
        ({"hidden": "256"}, "p.toml: train.hidden: Expected `int`, got `str`: mend the value"),
        ({"hidden": 2.5}, "p.toml: train.hidden: Expected `int`, got `float`: mend the value"),
        ({"hidden": True}, "p.toml: train.hidden: Expected `int`, got `bool`: mend the value"),
        ({"cell": "rnn"}, "p.toml: train.cell: Invalid enum value 'rnn': choices: lstm, gru"),
        ({"cell": "lst"}, "p.toml: train.cell: Invalid enum value 'lst': did you mean lstm?"),
        (
            {"index": {"url": "x", "kind": "htm"}},
            "p.toml: train.index.kind: Invalid enum value 'htm': did you mean html?",
        ),
        ({"include": ["a", 3]}, "p.toml: train.include[1]: Expected `str`, got `int`: mend the value"),
        ({"index": {"ulr": "x"}}, "p.toml: unknown key 'train.index.ulr': did you mean url?"),
        ({"index": {"item": "x"}}, "p.toml: train.index: Object missing required field `url`: mend the value"),
        ({"index": {"url": 3}}, "p.toml: train.index.url: Expected `str`, got `int`: mend the value"),
        ({"index": 3}, "p.toml: train.index: Expected `object | null`, got `int`: mend the value"),
        ({"include": ["never"]}, "p.toml: train.include names nothing: name something"),
    ],
)
def test_a_wrong_option_is_refused_naming_file_and_dotted_key(table, message):
    with pytest.raises(SpecError) as caught:
        spec.options(Options, table, "p.toml", "train")
    assert str(caught.value) == message


def test_options_take_what_is_given_and_keep_their_defaults():
    options = spec.options(Options, {"hidden": 7, "rate": 1, "index": {"url": "u"}}, "p.toml", "train")
    assert options == Options(hidden=7, rate=1.0, index=Inner(url="u"))
    assert spec.options(Options, {}, "p.toml", "train") == Options()


@pytest.mark.parametrize(
    ("item", "key", "value"),
    [
        ("train.hidden=256", ("train", "hidden"), 256),
        ("train.rate=1e-3", ("train", "rate"), 0.001),
        ("train.tied=true", ("train", "tied"), True),
        ("train.name=lstm", ("train", "name"), "lstm"),
        ('train.name="256"', ("train", "name"), "256"),
        ("split.scheme=legacy:nanogpt", ("split", "scheme"), "legacy:nanogpt"),
        ("split.parts=[0.8, 0.1]", ("split", "parts"), [0.8, 0.1]),
        ("source.index.remove=", ("source", "index", "remove"), ""),
        ("source.index.url=https://host/a?b=c", ("source", "index", "url"), "https://host/a?b=c"),
        ("title=1\nlicence = 2", ("title",), "1\nlicence = 2"),
        ("title=1\n[parse]", ("title",), "1\n[parse]"),
    ],
)
def test_an_override_is_toml_or_else_a_string(item, key, value):
    table = {"train": {"hidden": 128, "layers": 2}}
    spec.override(table, item)
    found = table
    for part in key:
        found = found[part]
    assert found == value
    assert type(found) is type(value)
    assert table["train"]["layers"] == 2


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("train.hidden", "--set 'train.hidden' is not key=value: write it as train.hidden=256"),
        ("=3", "--set '=3' is not key=value: write it as train.hidden=256"),
        ("", "--set '' is not key=value: write it as train.hidden=256"),
        ("train..hidden=3", "--set 'train..hidden=3' is not key=value: write it as train.hidden=256"),
        (".hidden=3", "--set '.hidden=3' is not key=value: write it as train.hidden=256"),
        ("title.x=3", "--set 'title.x=3': 'title' is not a section: name a key of the corpus TOML"),
        ("train.hidden.x=3", "--set 'train.hidden.x=3': 'hidden' is not a section: name a key of the corpus TOML"),
        ("trian.hidden=3", "p.toml: unknown key 'trian': did you mean train?"),
        ("train=3", "p.toml: train: Expected `object`, got `int`: mend the value"),
        ("title=3", "p.toml: title: Expected `str`, got `int`: mend the value"),
        ("name=x", None),
        ("declared_in=x", None),
    ],
)
def test_a_wrong_override_is_refused_like_a_wrong_file(item, message):
    with pytest.raises(SpecError) as caught:
        spec.parse(GOOD, "p.toml", [item])
    assert message is None or str(caught.value) == message


def test_later_overrides_win():
    corpus = spec.parse(GOOD, "p.toml", ["train.hidden=1", "train.hidden=2", "train.new=x"])
    assert corpus.train == {"hidden": 2, "new": "x"}


KEYS = st.text("abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=8)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.integers(0, 9)),
)


@given(st.lists(KEYS, min_size=1, max_size=4), VALUES)
def test_every_value_that_toml_can_hold_survives_an_override(keys, value):
    table: dict = {}
    spec.override(table, f"{'.'.join(keys)}={msgspec.json.encode(value).decode().replace(chr(0x7F), '')}")
    wanted = copy.deepcopy(value.replace("\x7f", "") if isinstance(value, str) else value)
    for key in keys:
        assert list(table) == [key]
        table = table[key]
    assert table == wanted
    assert type(table) is type(wanted)


@given(st.text())
def test_any_text_given_bare_is_a_value_of_that_key_and_of_no_other(text):
    table: dict = {"other": 1}
    spec.override(table, f"key={text}")
    assert set(table) == {"other", "key"}
    assert table["other"] == 1


def test_a_catalogue_is_its_toml_files(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    assert spec.names(tmp_path) == ["a", "b"]
    assert spec.load("a", ["title=Other"], tmp_path).title == "Other"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bibel", "no corpus is named 'bibel': did you mean bible?"),
        ("zzz", "no corpus is named 'zzz': corpora: bible"),
        ("../bible", "no corpus is named '../bible': did you mean bible?"),
        ("bible\0", "no corpus is named 'bible\\x00': did you mean bible?"),
        ("", "no corpus is named '': corpora: bible"),
    ],
)
def test_a_corpus_that_is_not_there_is_named_with_its_nearest_match(tmp_path, name, message):
    (tmp_path / "bible.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UnknownNameError) as caught:
        spec.load(name, folder=tmp_path)
    assert str(caught.value) == message


def test_an_empty_catalogue_says_so(tmp_path):
    with pytest.raises(UnknownNameError, match="there are no corpora yet"):
        spec.load("bible", folder=tmp_path)


def test_a_file_that_is_not_utf8_is_refused_naming_the_byte(tmp_path):
    (tmp_path / "poems.toml").write_bytes('title = "Poèmes"'.encode("latin-1"))
    with pytest.raises(SpecError, match=r"poems\.toml is not UTF-8: invalid continuation byte at byte 11: save it"):
        spec.load("poems", folder=tmp_path)


@pytest.mark.parametrize("name", spec.names())
def test_every_shipped_corpus_reads(name):
    corpus = spec.load(name)
    assert corpus.name == name
    assert (
        corpus.title
        and corpus.about
        and corpus.licence
        and corpus.licence_note
        and corpus.personal_data
        and corpus.size
    )


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("hiden", ["hidden", "layers"], "did you mean hidden?"),
        ("bible@v1", ["bible@v2", "bible@v3", "poems@v1"], "did you mean bible@v3 or bible@v2?"),
        ("zzz", ["a", "b"], "things: a, b"),
        ("zzz", [], "there are no things yet"),
        ("zzz", [f"k{n:02}" for n in range(30)], "things: " + ", ".join(f"k{n:02}" for n in range(20)) + " …"),
    ],
)
def test_a_hint_names_what_is_near_or_else_what_there_is(name, known, words):
    assert spec.nearest(name, known, "things") == words


KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
PLAIN = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.text(), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.one_of(PLAIN, st.lists(st.text(), max_size=3), st.dictionaries(st.text(), PLAIN, max_size=2))


@given(st.dictionaries(KEYS, st.one_of(PLAIN, st.lists(st.text(), max_size=3))), st.dictionaries(KEYS, VALUES))
def test_what_is_written_as_toml_reads_back_as_it_was(plain, section):
    table = {**plain, "source": section}
    assert tomllib.loads(spec.write(table)) == table


def test_a_corpus_file_is_written_for_people():
    table = {"title": "Poems", "source": {"urls": ["https://h/a"], "index": {"url": "u"}}, "parse": {"kind": "text"}}
    assert spec.write(table) == (
        'title = "Poems"\n\n[source]\nurls = ["https://h/a"]\nindex = { url = "u" }\n\n[parse]\nkind = "text"\n'
    )


def test_a_corpus_file_outside_the_catalogue_is_read_where_it_lies(tmp_path):
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    assert spec.read(tmp_path / "mine.toml").name == "mine"
    with pytest.raises(SpecError, match=r"none\.toml cannot be read: No such file"):
        spec.read(tmp_path / "none.toml")
