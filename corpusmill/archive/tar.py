"""Members of a tar archive, read header by header: v7, ustar, pax and GNU's long names.

Python's `tarfile` takes half an archive for a whole one, so this reads the format itself (POSIX.1-2017, pax, "ustar
Interchange Format"; GNU tar's manual, "Basic Tar Format"): every header has a right checksum, every member all its
bytes, and two blocks of zeros end the archive, after which nothing follows but zeros.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zlib import adler32

from corpusmill.archive.pieces import Pieces
from corpusmill.archive.walk import HINT, Walk, decoded, shown
from corpusmill.errors import ContentError, TooLargeError, TruncatedError

BLOCK = 512
EXTENSION = 1 << 20  # bytes of one extended header at most; a path has 4,096 on Linux
_ZEROS = bytes(BLOCK)
_FIELDS = struct.Struct("100s24x12s12x8sc100x8s80x155s12x")  # name size checksum type magic prefix
_SIGNED = struct.Struct(f"{BLOCK}b")  # how some old writers added
_BINARY = 0x80  # a number's first byte in GNU's form; of a negative one it is 0xFF
_NUMBER = re.compile(rb"[ \0]*([0-7]*)[ \0]*")
_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ")
_SIZE = re.compile(rb"[0-9]{1,19}")
_FILES = (b"0", b"\0", b"7")  # regular, as v7 wrote it, contiguous
_SPARSE = b"S"
_BODILESS = {b"1": "link", b"2": "link", b"3": "device", b"4": "device", b"5": "folder", b"6": "fifo"}  # whatever size
_PAX, _PAX_SHARED = (b"x", b"X"), b"g"  # X: Solaris
_LONG_NAME, _LONG_LINK = b"L", b"K"
_SAID = (b"path", b"size", b"GNU.sparse.name", b"GNU.sparse.map", b"GNU.sparse.major", b"GNU.sparse.size")

Said = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Header:
    type: bytes
    size: int
    name: bytes
    more: bool  # GNU's sparse files: whether another block of their map follows


def is_header(block: bytes) -> bool:
    """Whether a block is a member's header: its checksum is right."""
    return len(block) == BLOCK and block != _ZEROS and _right_sum(block, _FIELDS.unpack(block)[2])


def members(pieces: Pieces, walk: Walk) -> Iterator[tuple[str, bytes]]:
    """The files that are wanted, in order. Raises TruncatedError, TooLargeError, ContentError."""
    shared: Said = {}
    own: Said = {}
    header = None
    while (block := pieces.take(BLOCK)) != _ZEROS:
        header = _header(block)
        walk.count()
        if header.type == _PAX_SHARED:
            shared |= _pax(_extension(header, pieces, walk))
        elif header.type in _PAX:
            own |= _pax(_extension(header, pieces, walk))
        elif header.type == _LONG_NAME:
            own = {b"path": _extension(header, pieces, walk).partition(b"\0")[0]} | own
        elif header.type == _LONG_LINK:
            _extension(header, pieces, walk)
        else:
            name, body = _member(header, shared | own, pieces, walk)
            own = {}
            if body is not None:
                yield name, body
    if header and header.type in (*_PAX, _LONG_NAME, _LONG_LINK):
        raise ContentError("corrupt archive: a tar archive ends after an extended header", HINT)
    _refuse_more(pieces)


def _header(block: bytes) -> _Header:
    if len(block) < BLOCK:
        raise TruncatedError("truncated archive: the two blocks that end a tar archive are missing", HINT)
    name, size, checksum, type_, magic, prefix = _FIELDS.unpack(block)
    if not _right_sum(block, checksum):
        raise ContentError("corrupt archive: a tar header has a wrong checksum", HINT)
    name = name.partition(b"\0")[0]
    if magic.startswith(b"ustar\0") and prefix[:1] != b"\0":
        name = prefix.partition(b"\0")[0] + b"/" + name
    return _Header(type_, _number(size, "size"), name, more=block[482] != 0)


def _right_sum(block: bytes, told: bytes) -> bool:
    """Whether the bytes add up to the checksum, whose own field counts as eight spaces."""
    digits = _NUMBER.fullmatch(told)
    if not digits or not digits[1]:
        return False
    # Adler-32's low half is 1 + the sum of the bytes modulo 65,521, thus exact for 256 bytes: ten times as fast as sum.
    counted = block[:148] + b"        " + block[156:]
    total = (adler32(counted[:256]) & 0xFFFF) + (adler32(counted[256:]) & 0xFFFF) - 2
    return int(digits[1], 8) == total or int(digits[1], 8) == sum(_SIGNED.unpack(counted))


def _number(field: bytes, what: str) -> int:
    """Octal digits, or GNU's form for what is too long for them: the highest bit set, then a binary number."""
    if field[0] == _BINARY:
        return int.from_bytes(field[1:], "big")
    digits = _NUMBER.fullmatch(field)
    if not digits:
        raise ContentError(f"corrupt archive: {field!r} is no {what} in a tar header", HINT)
    return int(digits[1] or b"0", 8)


def _extension(header: _Header, pieces: Pieces, walk: Walk) -> bytes:
    """What an extended header says of the member after it."""
    if header.size > EXTENSION:
        raise TooLargeError(f"too large: a header of {header.size:,} bytes in a tar archive", HINT)
    walk.count_extended(header.size)
    return _body(header.size, "a header", pieces)


def _body(size: int, what: str, pieces: Pieces) -> bytes:
    body = pieces.take(size)
    _skip(size, what, pieces, already=len(body))
    return body


def _skip(size: int, what: str, pieces: Pieces, already: int = 0) -> None:
    """Pass over a body and what fills its last block."""
    left = size + -size % BLOCK - already
    if pieces.skip(left) < left:
        raise TruncatedError(f"truncated archive: it ends inside {what}", HINT)


def _pax(records: bytes) -> Said:
    """The records ``length key=value`` that matter here."""
    said: Said = {}
    at = 0
    while at < len(records):
        length = _RECORD.match(records, at)
        end = at + int(length[1]) if length else 0
        if not length or end < length.end() or records[end - 1 : end] != b"\n":
            raise ContentError("corrupt archive: an extended header of a tar archive is malformed", HINT)
        key, _, value = records[length.end() : end - 1].partition(b"=")
        if key in _SAID:
            said[key] = value
        at = end
    return said


def _member(header: _Header, said: Mapping[bytes, bytes], pieces: Pieces, walk: Walk) -> tuple[str, bytes | None]:
    """A member's name, and its bytes if it is a file that is wanted."""
    if header.type in _BODILESS:
        walk.passed[_BODILESS[header.type]] += 1
        return "", None
    name = decoded(said.get(b"GNU.sparse.name") or said.get(b"path") or header.name)
    size = _size(said, header.size)
    sparse = header.type == _SPARSE or any(key.startswith(b"GNU.sparse") for key in said)
    if header.type == _SPARSE:
        _skip_map(header, pieces)
    what = "folder" if name.endswith("/") else "" if header.type in _FILES or sparse else "special entry"
    if what:
        walk.passed[what] += 1
    if what or not walk.enter(name):
        _skip(size, f"member {shown(name)}", pieces)
        return name, None
    if sparse:
        raise ContentError(f"corrupt archive: member {shown(name)} is sparse, a kind not read here", HINT)
    walk.check_size(name, size)
    return name, _body(size, f"member {shown(name)}", pieces)


def _size(said: Mapping[bytes, bytes], size: int) -> int:
    if not said.get(b"size"):
        return size
    if not _SIZE.fullmatch(said[b"size"]):
        raise ContentError(f"corrupt archive: {said[b'size'][:30]!r} is no size in a tar header", HINT)
    return int(said[b"size"])


def _skip_map(header: _Header, pieces: Pieces) -> None:
    """Pass over the blocks in which GNU's older format lists where a sparse file has data."""
    more = header.more
    while more:
        block = pieces.take(BLOCK)
        if len(block) < BLOCK:
            raise TruncatedError("truncated archive: it ends inside a sparse member's map", HINT)
        more = block[504] != 0


def _refuse_more(pieces: Pieces) -> None:
    """Raise unless a second block of zeros follows the first, and nothing but zeros that."""
    second = pieces.take(BLOCK)
    if len(second) < BLOCK:
        raise TruncatedError("truncated archive: the second block that ends a tar archive is missing", HINT)
    if second != _ZEROS:
        raise ContentError("corrupt archive: a lone block of zeros stands between tar members", HINT)
    if any(piece.strip(b"\0") for piece in pieces):
        raise ContentError("corrupt archive: something follows the end of the tar archive", HINT)
