"""What a host can do wrong about a body: its length, its chunks, its encoding. Half of the table of `faults`."""

import gzip
import zlib
from dataclasses import dataclass

from corpusmill.errors import (
    CollectError,
    ContentError,
    DeadlineError,
    EncodingError,
    TooLargeError,
    TruncatedError,
)
from tests.corpusmill.http.server import Answer, Talk, bare, bomb, hangs, head, in_chunks, repeats, resets, says, sized

OK = None
DEADLINE = 0.6  # seconds of one fetch
LARGEST = 2_000_000  # bytes of one decoded body
TEXT = b"In the beginning God created the heaven and the earth. " * 40
ZIPPED = gzip.compress(TEXT, mtime=0)
N = len(TEXT)
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"
ZIP = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"
PADDED = b"".join(b"%08x\r\n%s\r\n" % (len(piece), piece) for piece in (TEXT[:700], TEXT[700:]))
GONE = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is sent for the path, and what must come of it."""

    answer: Answer
    outcome: type[CollectError] | None = OK
    body: bytes = TEXT  # the true body, where one comes
    robots: Answer | None = None
    tls: str = ""  # how the host speaks TLS: "trusted", "expired", "wrong host"; empty = not at all
    greeting: bytes = b""  # sent before anything is asked
    asked_as: str = ""  # the scheme that the client is told, where it is not the host's own


def whole(talk: Talk) -> None:
    talk.whole(TEXT, "Content-Type: text/plain; charset=utf-8", 'ETag: "e1"', f"Last-Modified: {GONE}")


def twice_zipped(times: int) -> bytes:
    body = TEXT
    for _ in range(times):
        body = gzip.compress(body)
    return body


def damaged(at: int) -> bytes:
    body = bytearray(ZIPPED)
    body[at] ^= 1
    return bytes(body)


FRAMING = {
    "whole": Fault(whole),
    "length longer than the body": Fault(says(head("Content-Length: 1000"), TEXT[:500]), TruncatedError),
    "length one longer than the body": Fault(says(head(f"Content-Length: {N + 1}"), TEXT), TruncatedError),
    "length and no body": Fault(says(head("Content-Length: 10")), TruncatedError),
    "length shorter than the body": Fault(says(head("Content-Length: 500"), TEXT), body=TEXT[:500]),
    "length shorter than the body, then another answer": Fault(says(head(f"Content-Length: {N}"), TEXT, EVIL)),
    "a terabyte announced": Fault(says(head(f"Content-Length: {1 << 40}"), TEXT), TooLargeError),
    "length beyond 64 bits": Fault(says(head(f"Content-Length: {'9' * 40}"), TEXT), TooLargeError),
    "length of 5000 digits": Fault(says(head(f"Content-Length: {'9' * 5000}"), TEXT), ContentError),
    "length negative": Fault(says(head("Content-Length: -5"), TEXT), ContentError),
    "length with a sign": Fault(says(head(f"Content-Length: +{N}"), TEXT), ContentError),
    "length with an underscore": Fault(says(head(f"Content-Length: {N // 10}_{N % 10}"), TEXT), ContentError),
    "length in Arabic digits": Fault(says(head("Content-Length: \xd9\xa5"), TEXT), ContentError),
    "length not a number": Fault(says(head("Content-Length: many"), TEXT), ContentError),
    "length empty": Fault(says(head("Content-Length:"), TEXT), ContentError),
    "lengths that differ": Fault(says(head(f"Content-Length: {N}", "Content-Length: 5"), TEXT), ContentError),
    "lengths that differ on one line": Fault(says(head(f"Content-Length: {N}, 5"), TEXT), ContentError),
    "lengths that agree": Fault(says(head(f"Content-Length: {N}", f"Content-Length: {N}"), TEXT)),
    "length and chunks": Fault(in_chunks(TEXT, lines=(f"Content-Length: {N}",)), ContentError),
    "until closed": Fault(bare(TEXT), TruncatedError),
    "until closed, nothing": Fault(bare(b""), TruncatedError),
    "empty": Fault(sized(b""), ContentError),
    "chunks": Fault(in_chunks(TEXT[:7], TEXT[7:])),
    "chunks with extensions and trailers": Fault(
        says(head(CHUNKED), b"%x;a=b\r\n%s\r\n0;c\r\nX: y\r\n\r\n" % (N, TEXT))
    ),
    "chunks, none": Fault(in_chunks(), ContentError),
    "chunk cut": Fault(says(head(CHUNKED), b"%x\r\n%s" % (N, TEXT[:9])), TruncatedError),
    "chunk without its end": Fault(says(head(CHUNKED), b"%x\r\n%s" % (N, TEXT)), TruncatedError),
    "chunks without the last": Fault(in_chunks(TEXT, end=b""), TruncatedError),
    "chunk size cut": Fault(in_chunks(TEXT, end=b"1"), TruncatedError),
    "chunk sizes with zeros in front": Fault(says(head(CHUNKED), PADDED, b"0\r\n\r\n")),
    "chunk size cut after its zeros": Fault(says(head(CHUNKED), PADDED[:715]), TruncatedError),
    "chunk size not a number": Fault(says(head(CHUNKED), b"zz\r\n", TEXT), TruncatedError),
    "chunk size empty": Fault(says(head(CHUNKED), b"\r\n", TEXT), TruncatedError),
    "chunk size negative": Fault(in_chunks(TEXT, end=b"-5\r\nabcde\r\n0\r\n\r\n"), TruncatedError),
    "chunk size smaller than the chunk": Fault(says(head(CHUNKED), b"5\r\n", TEXT), TruncatedError),
    "chunk size beyond 64 bits": Fault(says(head(CHUNKED), b"f" * 17 + b"\r\n", TEXT), TruncatedError),
    "chunk size line that does not end": Fault(repeats(head(CHUNKED), b"0" * 65536, times=1000), TruncatedError),
    "transfer coding unknown": Fault(says(head("Transfer-Encoding: fancy"), TEXT), ContentError),
    "transfer coding gzip": Fault(in_chunks(ZIPPED, lines=("Transfer-Encoding: gzip",)), ContentError),
    "reset in the body": Fault(resets(head(f"Content-Length: {N}"), TEXT[:9]), TruncatedError),
    "infinite body": Fault(repeats(head(), b"x" * 65536), TooLargeError),
    "infinite chunks": Fault(repeats(head(CHUNKED), b"10000\r\n%s\r\n" % (b"x" * 65536)), TooLargeError),
    "infinite chunks of a byte": Fault(repeats(head(CHUNKED), b"1\r\nx\r\n" * 9999), DeadlineError),
    "body dripping": Fault(repeats(head("Content-Length: 9999"), b"x", 0.02), DeadlineError),
    "chunks dripping": Fault(repeats(head(CHUNKED), b"1\r\nx\r\n", 0.02), DeadlineError),
    "trailers dripping": Fault(repeats(head(CHUNKED) + b"1\r\nx\r\n0\r\n", b"X: y\r\n", 0.02), DeadlineError),
    "hang after the headers": Fault(hangs(head("Content-Length: 9999")), DeadlineError),
    "hang in the body": Fault(hangs(head("Content-Length: 9999"), TEXT), DeadlineError),
}

BOMB = bomb(bytes(1 << 20), 1000)

ENCODING = {
    "gzip": Fault(sized(ZIPPED, ZIP)),
    "x-gzip": Fault(sized(ZIPPED, "Content-Encoding: X-GZip")),
    "gzip in chunks": Fault(in_chunks(ZIPPED[:20], ZIPPED[20:], lines=(ZIP,))),
    "gzip until closed": Fault(bare(ZIPPED, ZIP)),
    "gzip in two members": Fault(sized(gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), ZIP)),
    "gzip in 20,000 empty members": Fault(sized(gzip.compress(b"") * 20_000, ZIP), ContentError, b""),
    "identity": Fault(sized(TEXT, "Content-Encoding: identity")),
    "encoding without a name": Fault(sized(TEXT, "Content-Encoding:")),
    "gzip cut under an honest length": Fault(sized(ZIPPED[:-30], ZIP), TruncatedError),
    "gzip without its trailer": Fault(sized(ZIPPED[:-8], ZIP), TruncatedError),
    "gzip without its last byte": Fault(sized(ZIPPED[:-1], ZIP), TruncatedError),
    "gzip cut in honest chunks": Fault(in_chunks(ZIPPED[:-1], lines=(ZIP,)), TruncatedError),
    "gzip cut until closed": Fault(bare(ZIPPED[:-1], ZIP), TruncatedError),
    "gzip of nothing": Fault(sized(gzip.compress(b""), ZIP), ContentError, b""),
    "gzip with a wrong checksum": Fault(sized(damaged(-7), ZIP), EncodingError),
    "gzip with a wrong size": Fault(sized(damaged(-2), ZIP), EncodingError),
    "gzip with a damaged middle": Fault(sized(damaged(40), ZIP), EncodingError),
    "gzip with garbage after": Fault(sized(ZIPPED + b"garbage", ZIP), EncodingError),
    "gzip that is not": Fault(sized(TEXT, ZIP), EncodingError),
    "gzip that is zlib": Fault(sized(zlib.compress(TEXT), ZIP), EncodingError),
    "gzip in gzip": Fault(sized(twice_zipped(2), "Content-Encoding: gzip, gzip"), EncodingError),
    "gzip in gzip, on two lines": Fault(sized(twice_zipped(2), ZIP, ZIP), EncodingError),
    "gzip twenty deep": Fault(sized(twice_zipped(20), f"Content-Encoding: {', '.join(['gzip'] * 20)}"), EncodingError),
    "brotli unasked": Fault(sized(TEXT, "Content-Encoding: br"), EncodingError),
    "zstd unasked": Fault(sized(TEXT, "Content-Encoding: zstd"), EncodingError),
    "deflate unasked": Fault(sized(zlib.compress(TEXT), "Content-Encoding: deflate"), EncodingError),
    "encoding unknown": Fault(sized(TEXT, f"Content-Encoding: {'x' * 9999}"), EncodingError),
    "bomb": Fault(sized(BOMB, ZIP), TooLargeError),
    "bomb in chunks": Fault(in_chunks(BOMB, lines=(ZIP,)), TooLargeError),
    "bomb until closed": Fault(bare(BOMB, ZIP), TooLargeError),
    "bomb behind a member": Fault(sized(ZIPPED + BOMB, ZIP), TooLargeError),
}
