"""Source code: each file is one document, its path in `meta`.

A Python file may declare its encoding in its first two lines (PEP 263); where that declaration is absent, unknown or
untrue, the file is read as any other text.
"""

import io
import tokenize
from dataclasses import dataclass

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.decode import Decoded, decode
from preprocess.parse import Parsed, ParseOptions, document, path_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Source code has nothing to choose."""


def parse(file: RawFile, body: bytes, _options: Options) -> Parsed:
    """One document. Raises ParseError for a file that is empty or no text."""
    path = path_within(file.url)
    decoded = _python(body) if path.endswith(".py") else decode(body)
    yield document(file, "", decoded.text, title=path, meta={"path": path} | decoded.meta)


def _python(body: bytes) -> Decoded:
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
        return decode(body, declared)
    except (SyntaxError, ParseError):
        return decode(body)
