import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.clean import mend

ALL = (mend.c1, mend.cp437, mend.controls, mend.comma_below, mend.homoglyphs, mend.spaces)


@pytest.mark.parametrize(
    ("function", "text", "mended", "count"),
    [
        (mend.c1, "the mill\x92s \x93wheel\x94", "the mill’s “wheel”", 3),
        (mend.c1, "\x81 is none of windows-1252", "\x81 is none of windows-1252", 0),
        (mend.cp437, "bake at 350øF, or 180 ø", "bake at 350°F, or 180 °", 2),
        (mend.cp437, "smørrebrød with 2 øl", "smørrebrød with 2 øl", 0),
        (mend.cp437, "1« cups, ¬ tsp, saut\x82", "1½ cups, ¼ tsp, sauté", 3),
        (mend.cp437, "«le moulin»", "«le moulin»", 0),
        (mend.cp437, "HERB\x92N SPICE", "HERB’N SPICE", 1),
        (mend.cp437, "jalape¤os a la ESPA¥OLA", "jalapeños a la ESPAÑOLA", 2),
        (mend.cp437, "ÄÄÄÄ Äpfel", "──── Äpfel", 4),
        (mend.cp437, "375°F and ³²±°", "375°F and │▓▒░", 4),
        (mend.controls, "mix.\x14\nadd\x07 \x7fflour\tnow\f", "mix.\nadd flour\tnow\f", 3),
        (mend.controls, "all\r\nis\twell\v\f", "all\r\nis\twell\v\f", 0),
        (mend.controls, "é\x14\ufeff", "é", 2),
        (mend.spaces, "a\tb  c", "a b c", 1),
        (mend.spaces, " a  \n \n\n\n b ", " a\n\n b", 0),
        (mend.comma_below, "Şi ţara aşa", "Și țara așa", 3),
        (mend.homoglyphs, "Frumоаѕа ре са", "Frumoasa pe ca", 8),
        (mend.homoglyphs, "mіnе: Привет, са", "mine: Привет, са", 2),
        (mend.homoglyphs, "Привет", "Привет", 0),
        (mend.homoglyphs, "са", "са", 0),
        (mend.spaces, "a\u00a0\u2009 b \n\n\n\nc\t", "a b\n\nc", 3),
    ],
)
def test_what_a_wrong_turn_changed_is_put_right_and_counted(function, text, mended, count):
    assert function(text) == (mended, count)


@given(st.sampled_from(ALL), st.text(st.sampled_from("aZ1 \n\t\u00a0\x82\x92\x14ø«¬¤¥ÄþÿаесПşţ°²³")))
def test_mending_twice_changes_nothing_more(function, text):
    once, _ = function(text)
    assert function(once) == (once, 0)
