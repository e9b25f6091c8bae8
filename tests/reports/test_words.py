"""Numbers in words."""

import pytest

from reports import words

_ = words.SPACE


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.count(0), "0"),
        (words.count(31102), "31,102"),
        (words.count(1, "document"), "1 document"),
        (words.count(2, "document"), "2 documents"),
        (words.count(0, "document"), "0 documents"),
        (words.about(999_999), "999,999"),
        (words.about(1_234_567), f"1.2{_}million"),
        (words.about(123_456_789), f"123{_}million"),
        (words.about(2.5e9), f"2.5{_}billion"),
        (words.about(7e12), f"7.0{_}trillion"),
        (words.size(1), "1 byte"),
        (words.size(999), "999 bytes"),
        (words.size(9_400_000), f"9.4{_}MB"),
        (words.size(1.3e9), f"1.3{_}GB"),
        (words.duration(0), "0 seconds"),
        (words.duration(1), "1 second"),
        (words.duration(89), "89 seconds"),
        (words.duration(120), "2 minutes"),
        (words.duration(3599), "1 hour"),
        (words.duration(3900), "1 hour 5 minutes"),
        (words.duration(7261), "2 hours 1 minute"),
        (words.day("2026-11-20T10:00:00+00:00"), "20 November 2026"),
        (words.day("2024-02-29"), "29 February 2024"),
        (words.day(""), ""),
        (words.day("<yesterday>"), "<yesterday>"),
        (words.percent(1, 4), f"25{_}%"),
        (words.percent(1, 16), f"6.2{_}%"),
        (words.percent(1, 100_000), f"under 0.1{_}%"),
        (words.percent(0, 5), f"0{_}%"),
        (words.percent(0, 0), f"0{_}%"),
        (words.listed([]), ""),
        (words.listed(["a"]), "a"),
        (words.listed(["a", "b"]), "a and b"),
        (words.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_read_as_people_say_them(said, expected):
    assert said == expected
