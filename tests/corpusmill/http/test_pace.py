import itertools
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.errors import DeferredError
from corpusmill.http.clock import Clock
from corpusmill.http.pace import Pace, retry_after

EPOCH = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
NEVER = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class Hands:
    """A clock that sleeping moves on."""

    def __init__(self, now: float = 0.0):
        self.now, self.sleeps = now, []
        self.clock = Clock(time=lambda: EPOCH + self.now, monotonic=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds):
        assert seconds > 0
        self.sleeps.append(seconds)
        self.now += seconds


def sent(hands: Hands, pace: Pace, count: int, crawl_delay: float = 0.0, latency: float = 0.0) -> list[float]:
    """The moments at which `count` requests to one host go, each of which takes `latency`."""
    moments = []
    for _ in range(count):
        pace.wait("host", crawl_delay)
        moments.append(hands.now)
        hands.now += latency
        pace.note("host", latency, 200)
    return moments


def gaps(moments: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(moments)]


@pytest.mark.parametrize("burst", [1, 5])
@pytest.mark.parametrize("crawl_delay", [0.3, 1.0, 7.7, 60.0])
def test_a_thousand_requests_keep_the_crawl_delay_whatever_the_host_and_the_burst(crawl_delay, burst):
    hands = Hands(12345.678)
    pace = Pace(hands.clock, burst=burst)
    moments = sent(hands, pace, 1000, crawl_delay, latency=0.01)
    assert min(gaps(moments)) >= crawl_delay - 1e-6
    assert max(gaps(moments)[20:]) < crawl_delay + 0.05


def test_the_first_request_goes_at_once_and_hosts_do_not_wait_for_each_other():
    hands = Hands()
    pace = Pace(hands.clock, start=3.0)
    assert [pace.wait(host) for host in ("a", "b", "a:8080")] == [0.0, 0.0, 0.0]
    assert pace.wait("a") == 3.0
    assert pace.wait("b") == 0.0
    assert hands.now == 3.0


def test_time_that_passed_anyway_is_not_waited_again():
    hands = Hands()
    pace = Pace(hands.clock, start=3.0)
    pace.wait("host")
    hands.now += 2.0
    assert pace.wait("host") == 1.0
    hands.now += 100.0
    assert pace.wait("host") == 0.0
    assert pace.wait("host") == 3.0


def test_a_burst_goes_at_once_and_is_refilled_one_by_one():
    hands = Hands()
    pace = Pace(hands.clock, start=2.0, burst=3)
    assert [pace.wait("host") for _ in range(5)] == [0.0, 0.0, 0.0, 2.0, 2.0]
    hands.now += 4.0
    assert [pace.wait("host") for _ in range(3)] == [0.0, 0.0, 2.0]
    hands.now += 1000.0
    assert [pace.wait("host") for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


def test_a_crawl_delay_ends_a_burst_at_once():
    hands = Hands()
    pace = Pace(hands.clock, start=2.0, burst=3)
    assert [pace.wait("host", delay) for delay in (0.0, 5.0, 5.0, 0.0)] == [0.0, 0.0, 5.0, 5.0]


THROTTLE = [  # delay before (start), latency, status, concurrency, crawl delay, delay after
    (1.0, 1.0, 200, 1.0, 0.0, 1.0),
    (1.0, 0.5, 200, 1.0, 0.0, 0.75),  # half way down
    (1.0, 0.0, 200, 1.0, 0.0, 0.5),
    (1.0, 3.0, 200, 1.0, 0.0, 3.0),  # up at once
    (1.0, 3.0, 200, 2.0, 0.0, 1.5),  # two at a time: half of the latency is enough
    (4.0, 1.0, 304, 1.0, 0.0, 2.5),
    (4.0, 1.0, 500, 1.0, 0.0, 4.0),  # an error is quick, and means nothing
    (4.0, 1.0, 404, 1.0, 0.0, 4.0),
    (4.0, 9.0, 503, 1.0, 0.0, 9.0),  # unless it is slow
    (0.3, 0.0, 200, 1.0, 0.0, 0.25),  # never below the least
    (1.0, 900.0, 200, 1.0, 0.0, 60.0),  # never above the most
    (1.0, math.inf, 200, 1.0, 0.0, 60.0),
    (90.0, 90.0, 500, 1.0, 0.0, 60.0),
    (1.0, 0.0, 200, 1.0, 5.0, 5.0),  # never below the crawl delay
    (1.0, 8.0, 200, 1.0, 5.0, 8.0),
    (1.0, 0.0, 200, 1.0, 75.0, 75.0),  # which counts even above the most
]


@pytest.mark.parametrize(("start", "latency", "status", "concurrency", "crawl_delay", "after"), THROTTLE)
def test_the_delay_follows_the_host_as_autothrottle_does(start, latency, status, concurrency, crawl_delay, after):
    hands = Hands()
    pace = Pace(hands.clock, start=start, concurrency=concurrency)
    pace.wait("host", crawl_delay)
    pace.note("host", latency, status)
    assert pace.wait("host", crawl_delay) == pytest.approx(after)


def test_a_host_that_is_quick_again_is_asked_sooner_step_by_step():
    hands = Hands()
    pace = Pace(hands.clock)
    pace.wait("host")
    waits = []
    for latency in (16.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0):
        pace.note("host", latency, 200)
        waits.append(pace.wait("host"))
    assert waits == [16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.25]


def test_a_long_wait_is_announced_about_every_second():
    hands, told = Hands(), []
    pace = Pace(hands.clock, start=3.5, waiting=lambda host, left: told.append((host, left)))
    pace.wait("host")
    assert told == []
    pace.wait("host")
    assert told == [("host", 3.5), ("host", 2.5), ("host", 1.5), ("host", 0.5)]
    assert hands.sleeps == [1.0, 1.0, 1.0, 0.5]


def test_no_delay_at_all_may_be_asked_for():
    hands = Hands()
    pace = Pace(hands.clock, start=0.0, least=0.0)
    assert sent(hands, pace, 5) == [0.0] * 5


def test_a_parked_host_is_not_asked_before_then():
    hands = Hands()
    pace = Pace(hands.clock)
    pace.park("host", EPOCH + 3600)
    with pytest.raises(DeferredError) as error:
        pace.wait("host")
    assert error.value.message == "host asked to be left alone until 2023-11-14T23:13:20+00:00"
    assert error.value.hint == "what came is kept; repeat the command after then"
    assert hands.sleeps == []
    assert pace.wait("other") == 0.0
    hands.now += 3599.0
    with pytest.raises(DeferredError):
        pace.wait("host")
    hands.now += 1.0
    assert pace.wait("host") == 0.0
    assert pace.parked == {}


def test_what_was_parked_may_be_kept_between_runs():
    hands = Hands()
    before, after = Pace(hands.clock), Pace(hands.clock)
    before.park("host", EPOCH + 60)
    after.parked.update(before.parked)
    with pytest.raises(DeferredError):
        after.wait("host")


def test_of_two_pauses_the_longer_counts_and_none_outlasts_the_calendar():
    pace = Pace(Hands().clock)
    for until, kept in ((EPOCH + 60, EPOCH + 60), (EPOCH + 30, EPOCH + 60), (1e300, NEVER), (math.inf, NEVER)):
        pace.park("host", until)
        assert pace.parked == {"host": kept}
    with pytest.raises(DeferredError, match="until 9999-12-31"):
        pace.wait("host")
    pace.parked["host"] = math.inf
    with pytest.raises(DeferredError, match="until 9999-12-31"):
        pace.wait("host")


SECONDS = st.floats(0.0, 1e4)
STATUS = st.sampled_from([200, 304, 404, 429, 500, 503])


@settings(max_examples=300)
@given(
    st.lists(st.tuples(SECONDS, STATUS, SECONDS, st.floats(0.0, 70.0)), max_size=30),
    st.floats(0.01, 5.0),
    st.floats(5.0, 100.0),
    st.floats(0.25, 8.0),
    st.floats(0.0, 200.0),
)
def test_no_two_requests_are_closer_than_allowed_and_none_waits_for_more_than_most(
    steps, least, most, concurrency, start
):
    hands = Hands()
    pace = Pace(hands.clock, start=start, least=least, most=most, concurrency=concurrency)
    last = -math.inf
    for latency, status, idle, crawl_delay in steps:
        slept = pace.wait("host", crawl_delay)
        assert hands.now - last >= max(least, crawl_delay) - 1e-6
        assert slept <= max(most, crawl_delay) + 1e-6
        last = hands.now
        pace.note("host", latency, status)
        hands.now += min(latency, idle)


@settings(max_examples=300)
@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=40), st.integers(1, 6), st.floats(0.1, 5.0))
def test_no_stretch_of_time_holds_more_than_the_burst_and_what_was_refilled(idles, burst, delay):
    hands = Hands()
    pace = Pace(hands.clock, start=delay, least=delay, burst=burst)
    moments = []
    for idle in idles:
        hands.now += idle
        pace.wait("host")
        moments.append(hands.now)
    for i, begin in enumerate(moments):
        for j in range(i, len(moments)):
            assert j - i + 1 <= burst + (moments[j] - begin) / delay + 1e-6


RETRY_AFTER = [  # headers, seconds
    ([], None),
    ([""], None),
    (["0"], 0.0),
    (["120"], 120.0),
    ([" 120\t"], 120.0),
    (["1000000000"], 1e9),
    (["9" * 5000], 1e10),  # three centuries are never
    (["-5"], None),
    (["+5"], None),
    (["1.5"], None),
    (["1e9"], None),  # digits only (RFC 9110, 10.2.3)
    (["abc"], None),
    (["\N{FULLWIDTH DIGIT TWO}"], None),
    (["Tue, 14 Nov 2023 22:14:20 GMT"], 60.0),
    (["Tuesday, 14-Nov-23 22:14:20 GMT"], 60.0),
    (["Tue Nov 14 22:14:20 2023"], 60.0),
    (["Tue, 14 Nov 2023 22:14:20"], 60.0),
    (["Tue, 14 Nov 2023 23:14:20 +0100"], 60.0),
    (["Wed, 21 Oct 2015 07:28:00 GMT"], 0.0),
    (["Thu, 01 Jan 1970 00:00:00 GMT"], 0.0),
    (["Wed, 21 Oct 2099 07:28:00 GMT"], datetime(2099, 10, 21, 7, 28, tzinfo=UTC).timestamp() - EPOCH),
    (["Tue, 14 Nov 12023 22:14:20 GMT"], None),
    (["Tue, 99 Nov 2023 22:14:20 GMT"], None),
    (["Tue, 14 Nov 2023 22:14:20 +9999"], None),
    (["2099-10-21T07:28:00Z"], None),
    (["10", "120", "60"], 120.0),
    (["10, 120,60"], 120.0),
    (["abc, 60, -5"], 60.0),
    (["60, Tue, 14 Nov 2023 22:15:20 GMT"], 120.0),
    (["Tue, 14 Nov 2023 22:15:20 GMT, 60"], 120.0),
    (["Tue, 14 Nov 2023 22:14:20 GMT,Tuesday, 14-Nov-23 22:15:20 GMT"], 120.0),
    (["Wed, 21 Oct 2015 07:28:00 GMT", "abc"], 0.0),
    ([",,"], None),
]


@pytest.mark.parametrize(("values", "seconds"), RETRY_AFTER)
def test_retry_after_is_the_longest_pause_that_is_understood(values, seconds):
    assert retry_after(values, EPOCH) == seconds


PIECES = st.sampled_from(
    ["Tue", ", ", "14", " ", "Nov", "2023", "22:14:20", "GMT", "-", "+9999", "0", "99999", ":", "Z"]
)


@settings(max_examples=500)
@given(st.lists(st.text() | st.lists(PIECES, max_size=12).map("".join), max_size=3))
def test_any_header_gives_seconds_or_nothing(values):
    seconds = retry_after(values, EPOCH)
    assert seconds is None or 0.0 <= seconds < 1e12
