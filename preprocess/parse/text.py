"""A file of one's own, of which nothing is known: text cut into passages, so that even 1 kB can be split."""

from dataclasses import dataclass

from corpusmill.types import RawFile
from preprocess.decode import decode, unix
from preprocess.parse import Parsed, TextOptions, document, path_of
from preprocess.passages import passages


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for a file of one's own."""


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """The passages of a file in their order. Raises ParseError."""
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    title = path_of(file.url)
    for place, (start, end) in enumerate(passages(text), 1):
        yield document(file, place, text[start:end], title=title, meta={"passage": place} | decoded.meta)
