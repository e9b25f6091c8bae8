"""Charts as inline SVG: the loss curve, columns, bars inside tables. Numbers in, markup out.

It knows nothing of runs or corpora; colours and fonts come from the page's style sheet by class.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from reports import svg
from reports.svg import Element, add

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart and the margins around its plot, in units of the picture."""

    name: str
    width: float
    height: float
    left: float = 46
    right: float = 78
    top: float = 34
    bottom: float = 44

    def place(self, axes: "Axes", point: Point) -> Point:
        """Data -> picture."""
        across = (point[0] - axes.x[0]) / (axes.x[1] - axes.x[0])
        up = (point[1] - axes.y[0]) / (axes.y[1] - axes.y[0])
        plot = (self.width - self.left - self.right, self.height - self.top - self.bottom)
        return self.left + across * plot[0], self.height - self.bottom - up * plot[1]


@dataclass(frozen=True, slots=True)
class Axes:
    """The ranges shown, and what stands at their ticks."""

    x: Point
    y: Point
    x_ticks: Sequence[float]
    y_ticks: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart. `kind` is its class in the style sheet, `name` and `end` label its last point."""

    kind: str
    name: str
    end: str
    points: Sequence[Point]
    dots: Sequence[str] = ()  # what each point says when pointed at; none = no dots


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what stands under it, how high it is, and the number above it."""

    label: str
    height: float
    says: str


WIDE = Frame("loss-wide", 960, 410)
NARROW = Frame("loss-narrow", 360, 310, left=34, right=76)
FLAT = 1e-9  # a smaller range is drawn as if it were none
END = 34.0  # height of the two lines at the end of a curve
LABELS = 16  # columns that have room for their own labels


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """About `wanted` round values, one step apart, the first at or below `low`, the last at or above `high`."""
    high = high if high - low > FLAT else low + (abs(low) if abs(low) > FLAT else 1)
    rough = (high - low) / wanted
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * index, 12) for index in range(first, last + 1)]


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` points: each the mean of equally many neighbours, so that noise of single steps evens out."""
    each = max(1, math.ceil(len(points) / most))
    groups = [points[start : start + each] for start in range(0, len(points), each)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def lines(
    frame: Frame, curves: Sequence[Curve], y_ticks: Sequence[float], best: tuple[Point, str], words: dict[str, str]
) -> Markup:
    """Curves of at least one point over one pair of axes from x = 0, each labelled at its end, the best point ringed.

    What lies above the last of `y_ticks` is cut off. `words` gives the picture's title and description and the axes'
    names: title, description, x, y.
    """
    right = max(x for curve in curves for x, _ in curve.points)
    x_ticks = [tick for tick in ticks(0, right, int(frame.width // 70)) if tick <= right * (1 + 1e-9)]
    axes = Axes((0, right), (y_ticks[0], y_ticks[-1]), x_ticks, y_ticks)
    picture = svg.canvas(frame.name, frame.width, frame.height, words["title"], words["description"])
    _grid(picture, frame, axes, words)
    for curve in curves:
        _curve(picture, frame, axes, curve)
    _ends(picture, frame, axes, curves)
    _best(picture, frame, axes, best)
    return svg.markup(picture)


def columns(name: str, bars: Sequence[Column], words: dict[str, str]) -> Markup:
    """Columns side by side, at least one of them with a height; `words` as in `lines`."""
    frame = Frame(name, 440, 210, left=8, right=8, top=22, bottom=44)
    picture = svg.canvas(name, frame.width, frame.height, words["title"], words["description"])
    axes = Axes((0, len(bars)), (0, max(bar.height for bar in bars)), (), ())
    fits = len(bars) <= LABELS  # each its label and number without touching
    for index, one in enumerate(bars):
        _column(picture, frame, axes, index, one if fits else replace(one, says=""))
        if fits or index % 2 == 0:
            x, y = frame.place(axes, (index + 0.5, 0))
            add(picture, "text", one.label, class_="tick", x=x, y=y + 17, text_anchor="middle")
    add(picture, "text", words["x"], class_="axis", x=frame.width / 2, y=frame.height - 6, text_anchor="middle")
    return svg.markup(picture)


def bar(share: float, kind: str = "plainly") -> Markup:
    """A bar `share` (0 to 1) of its cell wide, beside a number that says the same."""
    picture = Element("svg", {"class": f"bar {kind}", "aria-hidden": "true"})
    add(picture, "rect", class_="track", width="100%", height="100%", rx=2)
    add(picture, "rect", width=f"{100 * min(max(share, 0), 1):.1f}%", height="100%", rx=2)
    return svg.markup(picture)


def _grid(picture: Element, frame: Frame, axes: Axes, words: dict[str, str]) -> None:
    end, foot = frame.width - frame.right, frame.height - frame.bottom
    for tick in axes.y_ticks:
        _, y = frame.place(axes, (0, tick))
        add(picture, "line", class_="grid", x1=frame.left, x2=end, y1=y, y2=y)
        add(picture, "text", f"{tick:g}", class_="tick", x=frame.left - 8, y=y + 4, text_anchor="end")
    add(picture, "text", words["y"], class_="axis", x=0, y=12)
    for tick in axes.x_ticks:
        x, _ = frame.place(axes, (tick, 0))
        add(picture, "line", class_="axis", x1=x, x2=x, y1=foot, y2=foot + 5)
        add(picture, "text", f"{tick:g}", class_="tick", x=x, y=foot + 19, text_anchor="middle")
    add(picture, "text", words["x"], class_="axis", x=(frame.left + end) / 2, y=frame.height - 5, text_anchor="middle")


def _curve(picture: Element, frame: Frame, axes: Axes, curve: Curve) -> None:
    places = [frame.place(axes, point) for point in curve.points]
    left, top = frame.left, frame.top - 1  # half a line more than the plot, above and below
    width, height = frame.width - frame.right - left, frame.height - frame.bottom - top + 1
    box = f"{left:g} {top:g} {width:g} {height:g}"
    plot = add(picture, "svg", x=left, y=top, width=width, height=height, viewBox=box)  # cuts off what leaves it
    add(plot, "path", class_=f"line {curve.kind}", d=svg.path(places))
    for (x, y), says in zip(places, curve.dots, strict=False):
        add(add(picture, "circle", class_=f"dot {curve.kind}", cx=x, cy=y, r=2.6), "title", says)


def _ends(picture: Element, frame: Frame, axes: Axes, curves: Sequence[Curve]) -> None:
    """Names at the ends of the lines."""
    ordered = sorted(curves, key=lambda curve: -curve.points[-1][1])
    wanted = [frame.place(axes, curve.points[-1])[1] - 2 for curve in ordered]
    for y, curve in zip(_apart(wanted, frame.height - 20), ordered, strict=True):
        for row, label in enumerate((curve.name, curve.end)):
            add(picture, "text", label, class_=f"end {curve.kind}", x=frame.width - frame.right + 9, y=y + 15 * row)


def _apart(heights: Sequence[float], lowest: float) -> list[float]:
    """Ascending heights of labels, moved down where they would touch, and up where the last would leave the picture."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + END) if placed else height)
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], lowest - END * (len(placed) - 1 - index))
    return placed


def _best(picture: Element, frame: Frame, axes: Axes, best: tuple[Point, str]) -> None:
    point, label = best
    x, y = frame.place(axes, point)
    add(picture, "circle", class_="best", cx=x, cy=y, r=6)
    if label:
        x = min(max(x, frame.left + 30), frame.width - frame.right - 30)
        add(picture, "text", label, class_="best", x=x, y=y - 13, text_anchor="middle")


def _column(picture: Element, frame: Frame, axes: Axes, index: int, one: Column) -> None:
    left, top = frame.place(axes, (index + 0.08, one.height))
    right, foot = frame.place(axes, (index + 0.92, 0))
    add(picture, "rect", class_="column", x=left, y=top, width=right - left, height=foot - top)
    add(picture, "text", one.says, class_="number", x=(left + right) / 2, y=top - 5, text_anchor="middle")
