"""What all pages of a site share: policy, style, script, the way back.

Style and script stand in each page and are named there by digest, so that the policy allows them and nothing else, and
a page opened as a file is allowed its own: browsers disagree on what `'self'` means for files.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from corpusmill.store.ids import sha256
from reports.page import TEMPLATES, environment, source_hash

SITE = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to: its name, and the way there from the page that names it."""

    name: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around one page."""

    title: str
    crumbs: tuple[Place, ...]  # the way back, from the first page on; the page itself is not among them
    sections: tuple[Place, ...] = ()
    around: tuple[Place, ...] = ()  # the pages before and after it


@dataclass(frozen=True, slots=True)
class _Source:
    """A style sheet or a script, and how the policy names it."""

    text: Markup
    hash: str


def render(template: str, frame: Frame, page: object) -> bytes:
    """A page in its frame; equal values give equal bytes."""
    style, script = _sources()
    told: dict[str, Any] = {"frame": frame, "style": style, "script": script, "page": page}
    return environment(SITE).get_template(template).render(told).encode()


@cache
def templates_digest() -> str:
    """Of everything besides code that a page is made with."""
    files = sorted(path for folder in (TEMPLATES, SITE) for path in folder.iterdir() if path.is_file())
    return sha256("".join(sha256(path.read_bytes()) for path in files).encode())


@cache
def _sources() -> tuple[_Source, _Source]:
    style = "".join(
        (folder / name).read_text("utf-8") for folder, name in ((TEMPLATES, "page.css"), (SITE, "site.css"))
    )
    return _source(style), _source((SITE / "site.js").read_text("utf-8"))


def _source(text: str) -> _Source:
    return _Source(Markup(text), source_hash(text))  # noqa: S704 - our own files
