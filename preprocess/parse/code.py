"""Source code: each file is one document, its path in `meta`.

A Python file may declare its encoding in its first two lines (PEP 263); where that declaration is absent, unknown or
untrue, the file is read as any other text. The licence at a file's head may go (`preprocess.text.licence_header`),
and the path may stand in the text as a comment, to ask a model for a file of that name.
"""

import io
import re
import tokenize
from dataclasses import dataclass
from typing import Literal

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.parse import Parsed, ParseOptions, document, drop, path_within
from preprocess.text import comments, licence_header
from preprocess.text.decode import Decoded, decode

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # what a path can hold and a line cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for source code."""

    licence_header: Literal["keep", "strip", "spdx"] = "keep"  # spdx: one line with the licence's SPDX id stays
    path_comment: bool = False  # put the path before the text, as a comment of its language


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document. Raises ParseError for a file that is empty or no text."""
    path = path_within(file.url)
    decoded = _python(body) if path.endswith((".py", ".pyi", ".pyw")) else decode(body)
    text, meta = decoded.text, {"path": path} | decoded.meta
    if options.licence_header != "keep":
        text, found = licence_header.strip(text, path, spdx=options.licence_header == "spdx")
        meta |= {"licence_header": 1} if found else {}
        if not text.strip():
            yield drop(file, "", "only a licence: nothing else is in it")
            return
    if options.path_comment:
        shown = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", path)
        text = f"{comments.of(path).of(shown)}\n{text}"
    yield document(file, "", text, title=path, meta=meta)


def _python(body: bytes) -> Decoded:
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
        return decode(body, declared)
    except (SyntaxError, ParseError):
        return decode(body)
