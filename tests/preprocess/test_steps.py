from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import SpecError
from corpusmill.types import Document, Drop
from preprocess.steps import NUMBERED, STEPS, resolve


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


@given(st.sampled_from([*STEPS, *(f"{name}:1" for name in NUMBERED), "scrub:email,phone,handle"]), st.text())
def test_a_step_done_twice_changes_nothing_more(name, text):
    step = resolve(name, "mill.toml")
    once = step(document(text))
    assert isinstance(once, Drop) or step(once) == once


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
