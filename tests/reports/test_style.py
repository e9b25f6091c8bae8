"""The style sheet: legible in light, dark and print; nothing in it that a page does not use."""

import re

import pytest

from reports.page import TEMPLATES

CSS = (TEMPLATES / "page.css").read_text(encoding="utf-8")
MODES = ("light", "dark", "print")
PALETTES = [
    dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    linear = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in linear]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["paper", "tint"])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "second"])
@pytest.mark.parametrize("mode", MODES)
def test_text_stands_out_from_its_ground(mode, text, ground):
    palette = PALETTES[MODES.index(mode)]
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
def test_bars_can_be_told_from_their_ground(mode):
    palette = PALETTES[MODES.index(mode)]
    assert contrast(palette["bar"], palette["paper"]) >= 1.9


def test_every_style_is_used():
    styled = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"\d\.\d+|@media[^{]*", "", CSS)))
    sources = [*TEMPLATES.glob("*.html"), *TEMPLATES.parent.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert {name for name in styled if not re.search(rf"\b{name}\b", text)} == set()


def test_it_asks_for_nothing_from_outside():
    assert not re.search(r"url\(|@import|@font-face|https?:", CSS)
