"""The crawl of `crawl_killed`, with a few of its kills and pages; run that for more."""

from tests.collectors.crawl_killed import run

KILLS, PAGES = 6, 1_200


def test_a_crawl_killed_at_random_points_ends_whole_and_asks_for_no_page_twice_but_those_in_flight(tmp_path):
    outcome = run(tmp_path, KILLS, PAGES)
    assert outcome.kept == PAGES
    assert set(outcome.asked) == {f"/pages/p/{number}" for number in range(PAGES)}
    assert outcome.twice <= outcome.in_flight
