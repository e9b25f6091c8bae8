"""Inline SVG, built as an element tree so that text and attributes are escaped by the standard library.

Pictures take their colours from the page's style sheet by class and carry a title and a description for those who
cannot see them. It knows nothing of what is drawn: `canvas` starts a picture, `add` puts elements in, `markup` ends it.
"""

from xml.etree import ElementTree as ET

from markupsafe import Markup

Element = ET.Element


def canvas(name: str, width: float, height: float, title: str, description: str) -> Element:
    """A picture `width` by `height` units that scales with its column; `name` is unique on the page."""
    box = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    labelled = {"role": "img", "aria-labelledby": f"{name}-title {name}-description"}
    picture = Element("svg", {**box, **labelled})
    add(picture, "title", title, id=f"{name}-title")
    add(picture, "desc", description, id=f"{name}-description")
    return picture


def add(parent: Element, tag: str, text: str = "", **attributes: float | str) -> Element:
    """A new last child; ``stroke_width=2`` becomes ``stroke-width="2"``, ``class_`` becomes ``class``."""
    named = {key.rstrip("_").replace("_", "-"): _written(value) for key, value in attributes.items()}
    child = ET.SubElement(parent, tag, named)
    child.text = text or None
    return child


def path(points: list[tuple[float, float]]) -> str:
    """The `d` of straight lines through points."""
    return "M" + "L".join(f"{_written(x)},{_written(y)}" for x, y in points)


def markup(picture: Element) -> Markup:
    """The picture as it stands in a page."""
    return Markup(ET.tostring(picture, encoding="unicode"))  # noqa: S704 - escaped by ElementTree


def _written(value: float | str) -> str:
    """Coordinates to a tenth of a unit: finer is not seen, and longer files are."""
    return value if isinstance(value, str) else f"{round(value, 1):g}"
