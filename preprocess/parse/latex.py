r"""LaTeX: its source as it stands; macros and formulas are what there is to learn.

A document is a file, or a part, chapter or section of one, all of a file in one split. How many environments begin and
what is unbalanced, environments and braces, is counted in `meta`, the first of them named with their lines.
"""

from dataclasses import dataclass
from typing import Any, Literal

from corpusmill.types import RawFile
from preprocess.parse import Parsed, TextOptions, document, path_within
from preprocess.text import tex
from preprocess.text.decode import decode, unix


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for LaTeX."""

    unit: Literal["file", "section"] = "file"
    comments: Literal["keep", "strip"] = "keep"


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document, or one for each section. Raises ParseError for a file that is empty or no text."""
    decoded = decode(body, options.encoding)
    text, path = unix(decoded.text), path_within(file.url)
    if options.comments == "strip":
        text, count = tex.without_comments(text)
    meta = {"path": path} | decoded.meta | ({"comments": count} if options.comments == "strip" else {})
    if options.unit == "file":
        found = tex.survey(tex.marks(text))
        yield document(file, "", text, title=found.title or path, meta=meta | _told(found, text))
        return
    for place, (title, start, end) in enumerate(tex.sections(text)):
        part = text[start:end]
        if part.strip():
            found = tex.survey(
                mark for mark in tex.marks(part) if mark.name != "document"
            )  # open in one, closed in another
            own = {"section": place} | _told(found, part)
            yield document(file, place, part, title=title or found.title or path, group=file.url, meta=meta | own)


def _told(found: tex.Survey, text: str) -> dict[str, Any]:
    names = [f"{mark} in line {text.count(chr(10), 0, mark.at) + 1}" for mark in found.named]
    counts: dict[str, Any] = {"environments": found.environments, "unbalanced": found.unbalanced}
    return counts | ({"lacking": names} if names else {})
