"""Charts show what they are given, inside their frame."""

import re
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from reports import chart
from reports.chart import NARROW, WIDE, Column, Curve

WORDS = {"title": "Loss", "description": "It fell.", "x": "characters", "y": "nats"}
FALLING = [(1.0, 4.0), (2.0, 2.0), (3.0, 1.5)]


def drawn(markup) -> BeautifulSoup:
    return BeautifulSoup(markup, "html.parser").svg


@pytest.mark.parametrize(
    ("low", "high", "wanted", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (1.04, 3.6, 6, [1, 1.5, 2, 2.5, 3, 3.5, 4]),
        (0, 39.3, 4, [0, 10, 20, 30, 40]),
        (0.001, 0.0019, 3, [0.001, 0.0015, 0.002]),
        (5, 5, 5, [5, 6, 7, 8, 9, 10]),
        (0, 0, 2, [0, 0.5, 1]),
    ],
)
def test_ticks_are_round(low, high, wanted, expected):
    assert chart.ticks(low, high, wanted) == expected


@given(st.floats(0, 100), st.floats(0, 100), st.integers(2, 12))
def test_ticks_span_the_range_in_equal_steps(one, other, wanted):
    low, high = sorted((one, other))
    found = chart.ticks(low, high, wanted)
    assert found[0] <= low + 1e-6
    assert found[-1] >= high - 1e-6
    assert 2 <= len(found) <= 3 * wanted


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 100)), min_size=1), st.integers(1, 50))
def test_thinning_keeps_few_points_each_a_mean(points, most):
    thinned = chart.thin(points, most)
    assert 1 <= len(thinned) <= most
    lows, highs = min(y for _, y in points), max(y for _, y in points)
    assert all(lows - 1e-6 <= y <= highs + 1e-6 for _, y in thinned)
    if len(points) <= most:
        assert thinned == points


@pytest.mark.parametrize("frame", [WIDE, NARROW])
@pytest.mark.parametrize(
    "points",
    [FALLING, [(1.0, 2.0)], [(1.0, 2.0), (2.0, 2.0)], [(0.001, 0.5), (1000.0, 0.5001)], [(1.0, 0.0), (2.0, 100.0)]],
)
def test_every_point_lies_inside_the_frame(frame, points):
    curves = [Curve("train", "train", "1.5", points), Curve("validation", "validation", "1.5", points, ["dot"] * 9)]
    picture = drawn(chart.lines(frame, curves, chart.ticks(0, 100, 5), (points[-1], "best"), WORDS))
    for path in picture.find_all("path"):
        for x, y in re.findall(r"([-\d.e+]+),([-\d.e+]+)", path["d"]):
            assert frame.left - 0.1 <= float(x) <= frame.width - frame.right + 0.1
            assert frame.top - 0.1 <= float(y) <= frame.height - frame.bottom + 0.1
    for text in picture.find_all("text"):
        assert 0 <= float(text["x"]) < frame.width
        assert 0 < float(text["y"]) < frame.height


def test_what_lies_above_the_last_tick_is_cut_off():
    picture = drawn(chart.lines(WIDE, [Curve("train", "train", "1.5", FALLING)], [1, 2], (FALLING[-1], ""), WORDS))
    plot = picture.select_one("path.train").parent
    assert plot.name == "svg"  # a nested picture shows nothing beyond its box
    x, y, width, height = (float(number) for number in plot["viewbox"].split())
    assert (x, y) == (float(plot["x"]), float(plot["y"])) == (WIDE.left, WIDE.top - 1)
    assert (x + width, y + height) == (WIDE.width - WIDE.right, WIDE.height - WIDE.bottom + 1)


def test_curves_that_end_together_have_labels_apart():
    curves = [Curve("train", "train", "1.50", FALLING), Curve("validation", "validation", "1.50", FALLING)]
    picture = drawn(chart.lines(WIDE, curves, [1, 2, 3, 4], (FALLING[-1], ""), WORDS))
    heights = sorted(float(text["y"]) for text in picture.select("text.end"))
    assert all(after - before >= 14 for before, after in pairwise(heights))


def test_the_best_point_is_ringed_and_dots_say_their_numbers():
    curves = [Curve("validation", "validation", "1.6", [*FALLING, (4.0, 1.6)], ["a", "b", "c", "d"])]
    picture = drawn(chart.lines(WIDE, curves, [1, 2, 3, 4], (FALLING[-1], "best 1.500"), WORDS))
    ring, dots = picture.select_one("circle.best"), picture.select("circle.dot")
    assert (ring["cx"], ring["cy"]) == (dots[2]["cx"], dots[2]["cy"])
    assert [dot.title.string for dot in dots] == ["a", "b", "c", "d"]
    assert "best 1.500" in [text.string for text in picture.find_all("text")]


def test_columns_are_as_high_as_their_numbers():
    picture = drawn(chart.columns("c", [Column("a", 1, "1"), Column("b", 4, "4"), Column("c", 0, "0")], WORDS))
    heights = [float(rect["height"]) for rect in picture.select("rect.column")]
    assert heights == [heights[0], pytest.approx(4 * heights[0], abs=0.2), 0]
    assert [text.string for text in picture.select("text.number")] == ["1", "4", "0"]


def test_many_columns_share_labels_out():
    picture = drawn(chart.columns("c", [Column(str(n), n + 1, str(n)) for n in range(30)], WORDS))
    assert [text.string for text in picture.select("text.tick")] == [str(n) for n in range(0, 30, 2)]
    assert not any(text.string for text in picture.select("text.number"))


@pytest.mark.parametrize(
    ("share", "width"), [(0, "0.0%"), (0.5, "50.0%"), (1, "100.0%"), (1.7, "100.0%"), (-1, "0.0%")]
)
def test_a_bar_stays_in_its_cell(share, width):
    assert drawn(chart.bar(share)).find_all("rect")[1]["width"] == width


def test_a_label_that_is_markup_stays_a_label():
    picture = drawn(chart.columns("c", [Column("<b>", 1, "</text>")], {**WORDS, "description": '"><script>'}))
    assert {tag.name for tag in picture.find_all(True)} == {"title", "desc", "rect", "text"}
    assert picture.select_one("text.tick").string == "<b>"
