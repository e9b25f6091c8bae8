"""Reviews, one a file, the label a folder in its path: ``train/pos/123_9.txt`` is positive, its stars behind the ``_``.

``<br />`` is nearly the only markup that the IMDB files hold: two in a row end a paragraph, one a line. Letters of
windows-1252 that were read as Latin-1 are mended and counted.
"""

import re
from dataclasses import dataclass

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.clean import mend
from preprocess.parse import Parsed, TextOptions, document, drop, path_of
from preprocess.text.decode import decode, unix
from preprocess.text.entities import numbered

_BREAK = re.compile(r"<(?:br|hr) ?/?>", re.IGNORECASE)
_FONT = re.compile(r"</?(?:i|b|u|em|strong)>", re.IGNORECASE)  # other tags are what a reviewer meant to say: <sigh>
_BREAKS = re.compile(r"\n{2,}")
_STARS = re.compile(r"_(10|[1-9])\.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for reviews."""

    labels: tuple[str, ...] = ("pos", "neg")  # folders that are labels; without any, none is asked for


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document. Raises ParseError for a file that is in no label's folder, or no text."""
    path = path_of(file.url)
    *folders, name = path.split("/")
    labels = [folder for folder in folders if folder in options.labels]
    if options.labels and not labels:
        known = ", ".join(options.labels)
        raise ParseError(f"no label: {path} is in none of the folders {known}", "name them in [parse] labels")
    decoded = decode(body, options.encoding)
    stars = _STARS.search(name)
    text, mended = mend.c1(unix(decoded.text))  # before white space is stripped: U+0085 counts as such
    text = _paragraphs(numbered(text))
    if not text:
        yield drop(file, "", "empty: there is nothing but markup in it")
        return
    meta = ({"label": labels[-1]} if labels else {}) | ({"stars": int(stars[1])} if stars else {})
    counts = {"mended_c1": mended} if mended else {}
    yield document(file, "", text, title=name, meta=meta | counts | decoded.meta)


def _paragraphs(text: str) -> str:
    lines = "\n".join(line.strip() for line in _BREAK.sub("\n", _FONT.sub("", text)).split("\n"))
    return _BREAKS.sub("\n\n", lines).strip()
