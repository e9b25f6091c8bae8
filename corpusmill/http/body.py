"""From a response to a whole body: how long it claims to be, what it decodes to, and whether all of it came.

`requests` and urllib3 take a gzip stream that stops early for a whole one, and a body without a length for whole when
the connection closes. Here a body is whole when its length, its last chunk or its encoding says so, else it is refused.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO, cast

import requests

from corpusmill.errors import ContentError, EncodingError, TooLargeError, TruncatedError
from corpusmill.http.part import Origin, Part

PIECE = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS
_STRONG = 60.0  # seconds that a Last-Modified must be older than the answer to name one content (RFC 9110, 8.8.2.2)
_LENGTH = re.compile(r"[0-9]{1,4000}")  # Python refuses to read a number that is much longer
_AGAIN = "repeat the command"
_OWNER = "tell the host's owner"


class Inflater:
    """Counts and digests what a body decodes to, as it comes."""

    def __init__(self, url: str, encoding: str, largest: int) -> None:
        """`encoding` is identity or gzip; more than `largest` decoded bytes are refused."""
        self._url, self._largest = url, largest
        self._stream = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hex digest of the decoded bytes so far."""
        return self._digest.hexdigest()

    def feed(self, piece: bytes) -> None:
        """Take the next bytes as sent. Raises TooLargeError, EncodingError."""
        if self._stream is None:
            self._count(piece)
            return
        try:
            while True:
                if self._stream.eof:  # gzip members may follow one another (RFC 1952, 2.2)
                    if not piece:
                        return
                    self._stream = zlib.decompressobj(_GZIP)
                given = self._stream.decompress(piece, PIECE)
                self._count(given)
                piece = self._stream.unconsumed_tail or self._stream.unused_data
                if not piece and len(given) < PIECE:  # a full piece may have left more inside
                    return
        except zlib.error as error:
            raise EncodingError(f"{self._url} is not the gzip it says it is: {error}", _OWNER) from error

    @property
    def ended(self) -> bool:
        """Whether the encoding itself says that all came; plain bytes never do."""
        return self._stream is not None and self._stream.eof

    def finish(self) -> None:
        """Raise TruncatedError when the encoding says that more is to come."""
        if self._stream is not None and not self._stream.eof:
            raise TruncatedError(f"{self._url} ended before its whole length", _AGAIN)

    def allow(self, size: int) -> None:
        """Raise TooLargeError for a size that has come, or is announced, and is too much."""
        if size > self._largest:
            message = f"{self._url} is larger than {self._largest:,} bytes"
            raise TooLargeError(message, "declare a smaller source, or raise source.limits.largest")

    def _count(self, piece: bytes) -> None:
        self._digest.update(piece)
        self.size += len(piece)
        self.allow(self.size)


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer says of its body."""

    status: int
    length: int  # bytes as sent that are to come; -1 = not said
    chunked: bool
    encoding: str
    range_start: int = -1  # of a 206
    range_total: int = -1


def head_of(url: str, response: requests.Response) -> Head:
    """The framing and encoding of an answer. Raises ContentError, EncodingError for what contradicts itself."""
    headers = response.raw.headers
    lengths = {part.strip() for value in headers.getlist("content-length") for part in value.split(",")}
    framing = headers.get("transfer-encoding", "").strip().lower()
    chunked = framing == "chunked"
    numbers = all(_LENGTH.fullmatch(length) for length in lengths)
    if len(lengths) > 1 or (lengths and chunked) or not numbers or framing not in ("", "chunked", "identity"):
        raise ContentError(f"{url} contradicts itself about its length", _OWNER)
    encoding = headers.get("content-encoding", "").strip().lower() or "identity"
    encoding = "gzip" if encoding == "x-gzip" else encoding
    if encoding not in ("identity", "gzip"):
        raise EncodingError(f"{url} is encoded as {encoding[:60]!r}, unasked", _OWNER)
    start, total = _range(headers.get("content-range", ""))
    return Head(response.status_code, int(lengths.pop()) if lengths else -1, chunked, encoding, start, total)


def _range(text: str) -> tuple[int, int]:
    """``bytes 500-999/1000`` -> 500, 1000; -1 for what is not the rest of a body."""
    unit, _, rest = text.strip().partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    numbers = [number.strip() for number in (first, last, total)]
    if unit.lower() != "bytes" or not all(_LENGTH.fullmatch(number) for number in numbers):
        return -1, -1
    start, end, size = map(int, numbers)
    return (start, size) if start <= end == size - 1 else (-1, -1)


def origin_of(response: requests.Response, head: Head, final_url: str) -> Origin:
    """Whose bytes an answer's are."""
    headers = response.headers
    return Origin(
        final_url=final_url,
        validator=_validator(headers.get("ETag", ""), headers.get("Last-Modified", ""), headers.get("Date", "")),
        total=head.range_total if head.range_total >= 0 else head.length,
        encoding=head.encoding,
        media_type=headers.get("Content-Type", "").partition(";")[0].strip(),
        etag=headers.get("ETag", ""),
        last_modified=headers.get("Last-Modified", ""),
    )


def _validator(etag: str, modified: str, date: str) -> str:
    """What If-Range may hold: a strong ETag, or a date long enough ago that the second counts (RFC 9110, 13.1.5)."""
    if etag:
        return etag if etag.startswith('"') else ""
    age = _seconds_between(modified, date)
    return modified if age is not None and age >= _STRONG else ""


def _seconds_between(earlier: str, later: str) -> float | None:
    try:
        dates: list[datetime] = [parsedate_to_datetime(text) for text in (earlier, later)]
        return (dates[1] - dates[0]).total_seconds()
    except (TypeError, ValueError):
        return None


def receive(
    response: requests.Response, head: Head, part: Part, inflater: Inflater, told: Callable[[int], None]
) -> None:
    """Append what comes to `part`, until the whole of it is there. `told` hears of each piece's size.

    Raises TruncatedError, TooLargeError, EncodingError; what `requests` raises when the connection breaks.
    """
    url = part.origin.final_url if part.origin else ""
    inflater.allow(part.size + head.length)
    while piece := response.raw.read1(PIECE, decode_content=False):
        inflater.feed(piece)
        part.write(piece)
        told(len(piece))
    inflater.finish()
    if head.length < 0 and not head.chunked and not inflater.ended:
        raise TruncatedError(f"{url} has no length, so nothing tells whether all of it came", _OWNER)


def opened(part: Part) -> BinaryIO:
    """A reader of the decoded body."""
    pieces = part.pieces()
    if not part.origin or part.origin.encoding != "gzip":
        return pieces
    reader = gzip.GzipFile(fileobj=pieces)
    reader.myfileobj = pieces  # type: ignore[assignment] # closed with it
    return cast("BinaryIO", reader)
