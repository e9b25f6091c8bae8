"""The loss curve as a file of its own."""

from xml.etree import ElementTree as ET

import reports
from tests.reports.fake_run import Told, fake_run


def test_a_picture_is_svg_that_needs_nothing_around_it(store):
    run = fake_run(store, Told())

    svg = reports.loss(run, store)

    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    style = root.find("{http://www.w3.org/2000/svg}style").text
    assert "--paper:" in style
    assert "svg path.validation" in style
    assert not any(word in svg for word in ("http://", "https://", "url(") if word != "http://")
    assert svg.count("http://") == 1  # the name of SVG's namespace
