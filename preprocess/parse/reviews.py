"""Reviews, one a file, the label a folder in its path: ``train/pos/123_9.txt`` is positive, its stars behind the ``_``.

``<br />`` is the only markup that the IMDB files hold: two in a row end a paragraph, one a line.
"""

import re
from dataclasses import dataclass

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, path_of

_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_BREAKS = re.compile(r"\n{2,}")
_STARS = re.compile(r"_(10|[1-9])\.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for reviews."""

    labels: tuple[str, ...] = ("pos", "neg")  # folders that are labels


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document. Raises ParseError for a file that is in no label's folder, or no text."""
    path = path_of(file.url)
    *folders, name = path.split("/")
    labels = [folder for folder in folders if folder in options.labels]
    if not labels:
        known = ", ".join(options.labels)
        raise ParseError(f"no label: {path} is in none of the folders {known}", "name them in [parse] labels")
    decoded = decode(body, options.encoding)
    stars = _STARS.search(name)
    meta = {"label": labels[-1]} | ({"stars": int(stars[1])} if stars else {})
    yield document(file, "", _paragraphs(unix(decoded.text)), title=name, meta=meta | decoded.meta)


def _paragraphs(text: str) -> str:
    lines = "\n".join(line.strip() for line in _BREAK.sub("\n", text).split("\n"))
    return _BREAKS.sub("\n\n", lines).strip()
