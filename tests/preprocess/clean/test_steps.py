from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import SpecError
from corpusmill.types import Document, Drop
from preprocess.clean.steps import KINDS, MARKER, NUMBER, STEPS, resolve
from tests.growth import growth


def document(text: str) -> Document:
    return Document(id="1", text=text, source="s", raw_sha256="r")


@pytest.mark.parametrize(
    ("step", "text", "result"),
    [
        ("line_ends", "a\r\nb\rc\n", "a\nb\nc\n"),
        ("nfc", "cafe\N{COMBINING ACUTE ACCENT}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("nfc", "ﬁ", "ﬁ"),
        ("one_line", " first \n\n second\r\nthird\u2028fourth ", "first second third fourth"),
        ("one_line", "inner  spaces stay", "inner  spaces stay"),
        ("c1", "the mill\x92s", "the mill’s"),
        ("controls", "mill\x14", "mill"),
        ("spaces", "a\u00a0 b ", "a b"),
        ("comma_below", "Şi", "Și"),
        ("homoglyphs", "mіnе", "mine"),
        ("scrub:handle", "ask @ada, ada@mill.example", "ask <handle:d46557>, ada@mill.example"),
        ("min_characters:3", "abc", "abc"),
        ("min_characters:3", " ab \n", "too short: 2 of 3"),
        ("max_characters:3", " abc \n", " abc \n"),
        ("max_characters:3", "abcd", "too long: 4, more than 3"),
        ("mojibake", "cafÃ©", "café"),
        ("strip", "\n\ta b ", "a b"),
        ("trailing_spaces", " a \t\n\n \nb\r\nc ", " a\n\n\nb\r\nc"),
        ("blank_lines:1", "\n\n\na\n\nb\n \n\t\n\nc\n\n\n", "\na\n\nb\n\nc\n\n"),
        ("blank_lines:0", "a\n\nb\n  c", "a\nb\n  c"),
        ("begin:U+0002", "a", "\x02a"),
        ("begin:.", ".a", ".a"),
        ("end:.", ".a", ".a."),
        ("end:<a:b>", "a", "a<a:b>"),
        ("begin:U+0002", "a\x02b", "holds the marker: U+0002"),
        ("end:</s>", "a</s></s>", "holds the marker: </s>"),
    ],
)
def test_a_step_changes_the_text_or_drops_it_with_a_reason(step, text, result):
    given_document = document(text)
    after = resolve(step, "mill.toml")(given_document)
    if isinstance(after, Drop):
        assert (after.id, after.step, after.reason, after.source) == ("1", step.partition(":")[0], result, "s")
    else:
        assert after.text == result


@pytest.mark.parametrize(
    ("step", "text", "meta"),
    [
        ("c1", "\x93mill\x94", {"kept": 1, "mended_c1": 2}),
        ("homoglyphs", "mine", {"kept": 1}),
        ("scrub:email,handle", "@ada ada@mill.example", {"kept": 1, "scrubbed": 2}),
        ("nfc", "e\N{COMBINING ACUTE ACCENT}", {"kept": 1}),
    ],
)
def test_what_a_step_mends_or_hides_is_counted(step, text, meta):
    assert resolve(step, "mill.toml")(replace(document(text), meta={"kept": 1})).meta == meta


ARGUMENTS = {None: "", NUMBER: ":1", KINDS: ":email,phone,handle", MARKER: ":U+0002"}
EVERY = [name + ARGUMENTS[argument] for name, (_, argument) in STEPS.items()]
CHARACTERS = st.characters() | st.sampled_from("a. \t\n\r\x02\x92ÃÂâ€™©аеŞ@")


@given(st.sampled_from(EVERY), st.text(CHARACTERS))
def test_a_step_done_twice_changes_nothing_more(name, text):
    step = resolve(name, "mill.toml")
    once = step(document(text))
    assert isinstance(once, Drop) or step(once) == once


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("part", ["a ", " ", "\n", " \n", "\x02", "\u00a0", "Ã©", "é\u0301", "а"])
def test_a_hostile_megabyte_is_soon_done_with(name, part):
    resolve(name, "mill.toml")(document(part * (1_000_000 // len(part))))


@pytest.mark.parametrize("name", ["line_ends", "nfc", "mojibake", "c1", "comma_below", "homoglyphs", "trailing_spaces"])
def test_a_clean_text_costs_next_to_nothing(name):
    clean, step = document("All is well that ends well.\n" * 700), resolve(name, "mill.toml")
    assert step(clean) is clean
    growth(often(lambda: clean.text.upper().lower().split()), often(lambda: step(clean)), most=1)


def often(work):
    """The same, so often that a clock shows it."""
    return lambda: [work() for _ in range(400)]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("nfk", "no step is named 'nfk': did you mean nfc?"),
        ("", "no step is named ''"),
        ("nfc:2", "'nfc:2' is no step: write nfc"),
        ("min_characters", "'min_characters' is no step: write min_characters:N"),
        ("min_characters:", "write min_characters:N"),
        ("min_characters:-1", "write min_characters:N"),
        ("min_characters:two", "write min_characters:N"),
        ("min_characters:" + "9" * 5000, "write min_characters:N"),
        ("begin", "write begin:U+0002, or any other character or word"),
        ("end:", "write end:U+0002"),
        ("end:U+D800", "write end:U+0002"),
        ("end:U+110000", "write end:U+0002"),
        ("scrub", "write scrub: and one or more of email, phone, handle, with commas between"),
        ("scrub:", "write scrub: and one or more of"),
        ("scrub:email, phone", "write scrub: and one or more of"),
        ("scrub:names", "write scrub: and one or more of"),
    ],
)
def test_a_wrong_step_is_refused_by_name(step, said):
    with pytest.raises(SpecError) as caught:
        resolve(step, "mill.toml")
    assert str(caught.value).startswith("mill.toml: clean.steps: ")
    assert said in str(caught.value)
