import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.frontier import Frontier, State


@pytest.fixture
def connection(tmp_path):
    made = sqlite3.connect(tmp_path / "frontier.db")
    yield made
    made.close()


@pytest.fixture
def frontier(connection):
    return Frontier(connection)


def host(name: str, *paths: str) -> list[tuple[str, int]]:
    return [(f"https://{name}/{path}", 1) for path in paths]


def walked(frontier: Frontier) -> list[str]:
    order = []
    while page := frontier.next():
        order.append(page[0])
        frontier.done(page[0])
    return order


def test_what_is_known_is_not_added_twice(frontier):
    assert frontier.add([("a", 0), ("b", 0), ("a", 0)]) == 2
    assert frontier.add([("b", 0), ("c", 1)]) == 1
    assert frontier.add([]) == 0
    assert (frontier.total(), frontier.finished()) == (3, 0)


def test_a_page_stays_the_next_until_it_is_done(frontier):
    frontier.add([("a", 0), ("b", 0)])
    assert [frontier.next(), frontier.next()] == [("a", 0), ("a", 0)]
    frontier.done("a", [("c", 1), ("b", 1)])
    assert frontier.next() == ("b", 0)
    assert (frontier.total(), frontier.finished(), frontier.kept()) == (3, 1, 1)


def test_pages_come_breadth_first_in_the_order_in_which_they_were_found(frontier):
    frontier.add([("list", 1)])
    frontier.add([("a", 0), ("b", 0)])
    frontier.done("a", [("a2", 1), ("a1", 1)])
    frontier.done("b", [("b1", 1), ("a1", 1)])
    frontier.done("list", [("deep", 2)])
    assert walked(frontier) == ["a2", "a1", "b1", "deep"]
    assert list(frontier.visited()) == ["a", "b", "list", "a2", "a1", "b1", "deep"]


def test_hosts_set_apart_are_passed_over_for_the_time_being(frontier):
    frontier.add([*host("slow", "1", "2"), *host("other", "1"), *host("third:81", "1")])
    assert frontier.next({"slow": "why"}) == ("https://other/1", 1)
    assert frontier.next({"slow": "", "other": ""}) == ("https://third:81/1", 1)
    assert frontier.next(["slow", "other", "third:81"]) is None
    assert frontier.next() == ("https://slow/1", 1)


def test_another_name_of_a_page_is_not_visited_nor_counted_but_a_start_page_is(frontier):
    frontier.add([("start", 0), ("a", 1), ("b", 1)])
    frontier.done("a", names=["b", "c", "start", "a"])
    assert (frontier.total(), frontier.finished()) == (2, 1)
    assert frontier.add([("c", 1), ("b", 1)]) == 0
    assert walked(frontier) == ["start"]
    assert {name: frontier.state(name) for name in "abcd"} == {
        "a": State.KEPT,
        "b": State.NAMED,
        "c": State.NAMED,
        "d": None,
    }


def test_a_page_that_is_kept_stays_so_whoever_takes_its_name(frontier):
    frontier.add([("a", 1), ("b", 1)])
    frontier.done("b")
    frontier.done("a", names=["b"])
    assert list(frontier.visited()) == ["a", "b"]


def test_a_kept_page_to_which_a_shorter_way_is_found_is_searched_again_but_is_one_page(frontier):
    frontier.add([("a", 2)])
    frontier.done("a")
    frontier.add([("b", 0)])
    frontier.done("b", [("a", 1)])
    assert (frontier.next(), frontier.state("a")) == (("a", 1), State.AGAIN)
    assert (frontier.total(), frontier.finished(), frontier.kept()) == (2, 2, 2)
    frontier.done("a", [("c", 2)])
    assert frontier.next() == ("c", 2)
    assert (frontier.total(), frontier.finished(), frontier.kept()) == (3, 2, 2)
    frontier.done("c", [("a", 1), ("b", 3)])
    assert frontier.next() is None


def test_what_is_passed_over_is_not_kept_and_what_was_refused_is_asked_for_again_next_time(connection, frontier):
    frontier.add([("refused", 0), ("alias", 0)])
    frontier.pass_over("refused", refused=True)
    frontier.pass_over("alias")
    assert (frontier.next(), frontier.kept(), frontier.refused(), frontier.finished()) == (None, 0, 1, 1)
    assert walked(Frontier(connection)) == ["refused"]


def test_another_process_goes_on_where_this_one_was(connection, frontier, tmp_path):
    frontier.add([("a", 0), ("b", 0)])
    frontier.done("a", [("c", 1)], names=["d"])
    with sqlite3.connect(tmp_path / "frontier.db") as other:
        again = Frontier(other)
        assert (again.total(), again.finished(), again.kept()) == (3, 1, 1)
        assert list(again.visited()) == ["a"]
        assert walked(again) == ["b", "c"]
    other.close()


def test_links_and_done_are_written_together_or_not_at_all(connection, frontier):
    frontier.add([("a", 0)])
    connection.execute("create trigger full before update on page begin select raise(fail, 'disk'); end")
    with pytest.raises(sqlite3.IntegrityError):
        frontier.done("a", [("b", 1)])
    connection.execute("drop trigger full")
    assert Frontier(connection).total() == 1
    assert walked(Frontier(connection)) == ["a"]


def test_the_next_page_is_found_without_looking_at_those_that_are_done(connection, frontier):
    plan = connection.execute(
        "explain query plan select url, depth from page where state < 2 order by depth, n limit 1"
    )
    assert "USING INDEX page_open" in str(plan.fetchall())


graphs = st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), max_size=10)


@given(graph=graphs, stops=st.lists(st.integers(1, 9), max_size=3))
def test_every_page_in_reach_is_visited_once_in_the_same_order_however_often_it_is_stopped(graph, stops):
    expected = breadth_first(graph, "0")
    with sqlite3.connect(":memory:") as connection:
        Frontier(connection).add([("0", 0)])
        for steps in [*stops, 99]:
            frontier = Frontier(connection)
            for _ in range(steps):
                if page := frontier.next():
                    url, depth = page
                    frontier.done(url, [(str(to), depth + 1) for to in graph.get(int(url), [])])
            assert frontier.kept() == len(list(frontier.visited()))
        assert list(frontier.visited()) == expected
        assert frontier.finished() == frontier.total() == len(expected)
    connection.close()


def breadth_first(graph, start):
    order = [start]
    for url in order:
        order += [str(to) for to in dict.fromkeys(graph.get(int(url), [])) if str(to) not in order]
    return order
