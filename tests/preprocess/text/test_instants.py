import pytest

from preprocess.text.instants import utc


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Thu Dec 31 23:21:49 -0500 2015", "2016-01-01T04:21:49+00:00"),
        ("Thu Dec 31 23:21:49 2015", "2015-12-31T23:21:49+00:00"),
        ("2015-12-31T23:21:49.000Z", "2015-12-31T23:21:49+00:00"),
        ("2015-12-31 23:21:49 +0000", "2015-12-31T23:21:49+00:00"),
        ("2015-12-31 23:21:49 UTC", "2015-12-31T23:21:49+00:00"),
        ("12-31-2015 23:21:49", "2015-12-31T23:21:49+00:00"),
        ("Thu, 31 Dec 2015 23:21:49 GMT", "2015-12-31T23:21:49+00:00"),
    ],
)
def test_a_moment_is_read_in_utc(written, found):
    assert utc(written).isoformat() == found


@pytest.mark.parametrize(
    "written", ["", "yesterday", "Mon Feb 30 10:00:00 +0000 2016", "Thu Dec 31 23:21:49 +9999 9999", "1" * 99, "2015:"]
)
def test_what_is_no_moment_is_none(written):
    assert utc(written) is None
