import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.clean.mojibake import marked, mojibake
from tests import needs


@pytest.mark.parametrize(
    ("text", "mended", "count"),
    [
        ("la cafÃ©", "la café", 1),
        ("itâ€™s â€œfineâ€\x9d", "it’s “fine”", 3),
        ("it\u00e2\u0080\u0099s", "it’s", 1),
        ("Ã®n ÅŸi Äƒ È™i È›arÄƒ", "în şi ă și țară", 6),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет", 6),
        ("РџСЂРёРІРµС‚", "Привет", 6),
        ("it‚Äôs caf√©", "it’s café", 2),
        ("itΓÇÖs caf├⌐", "it’s café", 2),
        ("right è né\ncafÃ© here\nright à né", "right è né\ncafé here\nright à né", 1),
        ("the mill\x92s", "the mill\x92s", 0),
        ("cafÃ\ufffd", "cafÃ\ufffd", 0),
    ],
)
def test_utf_8_that_was_read_as_something_else_is_read_again(text, mended, count):
    assert mojibake(text) == (mended, count)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All is well.",
        "Și țara asta frumoasă: „câte” cântece… ÎN ZORI – așa, nu-i de mirare.",
        "Les élèves étaient à l’école «par cœur» ; NOËL À LA MAÎTRESSE…",
        "Всё «СССР» — хорошо… РОССИЯ, СЁСТРЫ",
        "道可道，非常道。名可名，非常名。",
        "Größe: 20 Å × 3 µ² ± ½ °C; Ærø, Ångström, SÃO PAULO",
        "ÎÎÎ… ÂÂÂ! ©®™ √2 ≈ 1.4, «Ä» «Ö»",
        "καλημέρα ΚΑΛΗΜΕΡΑ «Ελλάδα»",
    ],
)
def test_what_is_right_stays(text):
    assert mojibake(text) == (text, 0)


@pytest.mark.parametrize(
    "text", ["Și țara asta frumoasă, în zori", "Все семьи «похожи»", "道可道，非常道", "été à l’école"]
)
def test_most_right_texts_are_not_even_looked_at_closely(text):
    assert not marked(text)


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "windows-1250", "windows-1251", "macroman", "cp437"])
@pytest.mark.parametrize("text", ["Zażółć gęślą jaźń, mój łoś", "Où est l’été ? À Genève…", "în țară și-n câmpie"])
def test_a_line_comes_back_from_every_encoding(encoding, text):
    wrong = "".join(_shown(byte, encoding) for byte in text.encode())
    assert marked(wrong)
    if encoding in ("latin-1", "windows-1252", "macroman"):  # of the others some bytes are too common to be believed
        assert mojibake(wrong)[0] == text


def _shown(byte, encoding):
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@given(st.text(st.sampled_from("aé Ã©â€™\x80\x99Ð¸Р\n\ufffd\0À\x81√äï¿½ðŸ˜€")))
def test_a_repair_ends_and_makes_up_nothing(text):
    once, count = mojibake(text)
    assert mojibake(once) == (once, 0)
    assert len(once) < len(text) if count else once == text
    assert once.count("\ufffd") <= text.count("\ufffd")
    assert once.count("\n") == text.count("\n")


@pytest.mark.parametrize("part", ["Ã©", "â€", "Ã", "ÃƒÂ©", "é ", "Ð¸\n", "ðŸ˜€", "â€™ é ", "Р\u0450"])
def test_hostile_lines_end_in_a_time_that_their_length_decides(part):
    mojibake(part * (100_000 // len(part)))


def test_nothing_of_the_real_pages_is_marked():
    pages = sorted((needs.shared("web") / "www.gutenberg.org" / "files").rglob("*.txt"))
    assert pages
    for page in pages:
        assert not marked(page.read_bytes().decode("utf-8-sig", "replace")), page
