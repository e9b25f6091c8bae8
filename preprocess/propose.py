"""Which ``[parse]`` fits some files, found by looking at them, and a small sample of them for a golden pair.

For a corpus that will be read and mended (`propose`) it guesses by signs that a reader would go by, and then tries: a
kind that gives no document is not proposed. For files that nobody declared anything of (`fitting`) it goes by what is
beyond doubt alone. Pure on the bytes it is given.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from corpusmill.errors import ParseError
from corpusmill.spec import options
from corpusmill.store.ids import sha256
from corpusmill.types import Document, RawFile
from preprocess import parse
from preprocess.text.decode import decode

SHORT = 4_000  # bytes of a sample in a golden pair where it can be cut
LARGEST = 128 << 10  # where it cannot
SAMPLE_ELEMENTS = 3  # of a list in JSON
_SHORT_LINE = 60  # characters of a line that may be a name or a verse rather than a paragraph
_CODE = re.compile(r"\.(py|c|h|cc|cpp|hpp|java|js|ts|go|rs|rb|lua|sh|sql|r|jl|hs|ml|scala|kt|swift)", re.IGNORECASE)
_SIGNS = (
    ("midi", re.compile(rb"MThd")),
    ("mediawiki", re.compile(rb"\s*<mediawiki\b")),
    ("recipes", re.compile(rb"(MMMMM|-----)-* *Recipe via Meal-Master")),
    ("abc", re.compile(rb"(?ms)^X: *\d+.*?^K:")),
    ("latex", re.compile(rb"\\(documentclass|begin\{|section\{)")),
    ("book", re.compile(rb"\*\*\* ?START OF (THE|THIS) PROJECT GUTENBERG")),
)
_PAGE = re.compile(rb"<(!doctype html|html|head|body)\b", re.IGNORECASE)
_PAGES = (".html", ".htm", ".xhtml")
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_TWEET = (re.compile(rb'"id(_str)?"\s*:'), re.compile(rb'"(full_text|retweeted_status|in_reply_to_status_id_str)"\s*:'))
_FEWEST = {"code": 3, "latex": 3}  # files without which there is nothing to split: a document is a file
_BEYOND_DOUBT = {"midi", "mediawiki", "book"}  # kinds whose sign no other file has


@dataclass(frozen=True, slots=True)
class Proposal:
    """Tables of a corpus file: the parser and what goes with it."""

    parse: dict[str, Any]
    clean: dict[str, Any]
    train: dict[str, Any]


def propose(samples: Sequence[tuple[str, bytes]]) -> Proposal:
    """The first kind among those that the files look like which gives documents of them.

    `samples` are names and bodies. Raises ParseError when nothing here reads them.
    """
    name, body = samples[0]
    for table in _candidates(name, body):
        if any(_documents(table, name, body) for name, body in samples):
            steps = ["line_ends"] if table["kind"] in ("code", "midi") else ["line_ends", "nfc"]
            separator = "\n" if table.get("unit") == "line" else "\n\n"
            return Proposal(table, {"steps": steps}, {"separator": separator})
    raise ParseError(f"unreadable: {name} is no text and no material that is known here", "name other material")


def fitting(samples: Sequence[tuple[str, str, bytes]]) -> dict[str, Any]:
    """The ``[parse]`` of files that nobody declared: the kind that all are of beyond doubt, else plain text.

    `samples` are names (or addresses), media types (empty where unknown) and bodies or their first kilobytes. Binary
    files other than MIDI have no say: each is a drop with its reason whatever the kind. Web pages are cut into
    passages, since there may be one only; a few files of a kind whose documents are files are text, which is cut too.
    """
    kinds = {kind for name, media_type, body in samples if (kind := _kind(name, media_type, body))}
    kind = kinds.pop() if len(kinds) == 1 and len(samples) >= _FEWEST.get(min(kinds), 0) else "text"
    return {"kind": kind} | ({"unit": "passage"} if kind == "html" else {})


def _kind(name: str, media_type: str, body: bytes) -> str:
    """The kind of a file by sign, media type and name, in this order; empty for what is no text."""
    begin, suffix = body[:16_384], PurePosixPath(urlsplit(name).path).suffix.lower()
    signed = next((kind for kind, sign in _SIGNS if kind in _BEYOND_DOUBT and sign.search(begin)), "")
    if signed == "midi" or b"\0" in begin:
        return signed if body.startswith(b"MThd") else ""
    if signed:
        return signed
    if _PAGE.search(begin) and (suffix in ("", *_PAGES) or media_type.partition(";")[0].strip().lower() in _PAGE_TYPES):
        return "html"
    if begin.lstrip()[:1] in (b"[", b"{") and all(sign.search(begin) for sign in _TWEET):
        return "tweets"
    named = {".tex": "latex", ".ltx": "latex", ".abc": "abc", ".mmf": "recipes"}.get(suffix, "")
    if named and any(kind == named and sign.search(begin) for kind, sign in _SIGNS):
        return named
    return "code" if _CODE.fullmatch(suffix) else "text"


def golden(table: dict[str, Any], samples: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """A short file of each sample that the parser of a proposal reads: the sample itself, or the beginning of it.

    Raises ParseError when none can be made.
    """
    made: dict[str, bytes] = {}
    for name, body in samples:
        parts = (part for part in _parts(body) if len(part) <= LARGEST and _documents(table, name, part))
        if part := next(parts, b""):
            base = PurePosixPath(name).name
            made[base if base not in made else f"{len(made)}-{base}"] = part
    if not made:
        raise ParseError("too large: no part of the samples can be read alone", "write the golden pair by hand")
    return made


def _candidates(name: str, body: bytes) -> Iterator[dict[str, Any]]:
    """Tables of ``[parse]``, the likeliest first."""
    yield from ({"kind": kind} for kind, sign in _SIGNS if sign.search(body[:100_000]))
    if body.lstrip()[:1] in (b"[", b"{"):
        yield from _json(body)
    if _PAGE.search(body[:4096]):
        yield {"kind": "recipes"}
        yield {"kind": "html"}
    if _CODE.fullmatch(PurePosixPath(name).suffix):
        yield {"kind": "code"}
    yield from _text(body)


def _json(body: bytes) -> Iterator[dict[str, Any]]:
    yield {"kind": "tweets"}
    yield {"kind": "verses"}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, dict):
        texts = {key: len(text) for key, text in first.items() if isinstance(text, str)}
        if texts:
            field = max(texts, key=lambda key: texts[key])
            yield {"kind": "lyrics"} if field == "lyrics" else {"kind": "lyrics", "lyrics": field}


def _text(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        text = decode(body).text
    except ParseError:
        return
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return
    tabbed = sum("\t" in line for line in lines) / len(lines)
    blank = re.search(r"\n[ \t]*\r?\n", text) is not None
    if tabbed > 0.9:  # noqa: PLR2004 - nearly all lines
        yield {"kind": "pairs"}
    if not blank and median(map(len, lines)) < _SHORT_LINE:
        yield {"kind": "lines", "unit": "line"}
    if blank and median(map(len, re.split(r"\n[ \t]*\r?\n", text))) < 20 * _SHORT_LINE:
        yield {"kind": "lines", "unit": "paragraph"}
    yield {"kind": "text"}


def _documents(table: dict[str, Any], name: str, body: bytes) -> list[Document]:
    """What a table makes of a file; nothing where it cannot read it, or leaves out more than it keeps."""
    file = RawFile(url=f"file:{name}", final_url="", status=200, sha256=sha256(body), bytes=len(body))
    parser = parse.load(table["kind"])
    try:
        found = list(parser.parse(file, body, options(parser.Options, table, "proposal", "parse")))
    except ParseError:
        return []
    documents = [replace(d) for d in found if isinstance(d, Document) and d.text.strip()]
    return documents if len(documents) >= len(found) - len(documents) else []


def _parts(body: bytes) -> Iterator[bytes]:
    """The body where it is short, else its beginning: JSON and XML as they can be read, text up to a blank line."""
    if len(body) <= SHORT:
        yield body
    start = body.lstrip()[:1]
    if start in (b"[", b"{"):
        with suppress(ValueError, RecursionError):
            yield json.dumps(_shortened(json.loads(body)), ensure_ascii=False, indent=1).encode()
    elif body.lstrip().startswith(b"<mediawiki"):
        opening, *pages = re.split(rb"(?=<page>)", body)
        shortest = sorted((page for page in pages if b"</page>" in page and b"<redirect" not in page), key=len)[
            : 2 * SAMPLE_ELEMENTS
        ]
        yield opening + b"".join(page.partition(b"</page>")[0] + b"</page>\n" for page in shortest) + b"</mediawiki>\n"
    elif start != b"<":
        for end in (b"\n\n", b"\r\n\r\n", b"\n"):
            if (cut := body.rfind(end, 0, SHORT)) > 0:
                yield body[: cut + len(end)]
    yield body


def _shortened(value: Any) -> Any:
    """The first few elements of every list."""
    if isinstance(value, list):
        return [_shortened(inner) for inner in value[:SAMPLE_ELEMENTS]]
    return {key: _shortened(inner) for key, inner in value.items()} if isinstance(value, dict) else value
