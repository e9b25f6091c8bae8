import pytest

from preprocess.text.dates import iso


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2017-07-28T15:46:00-04:00", "2017-07-28"),
        ("For Immediate Release July 28, 2017", "2017-07-28"),
        ("28 July 2017", "2017-07-28"),
        ("the 3rd May, 2011", "2011-05-03"),
        ("April 2001, rev. April 2003", "2001-04"),
        ("Sep. 9th, 1999", "1999-09-09"),
        ("February 30, 2012", ""),
        ("1/6/2012", ""),
        ("marching in 2012", ""),
        ("", ""),
    ],
)
def test_the_first_day_of_a_text_is_found_and_what_is_none_is_not(text, day):
    assert iso(text) == day
