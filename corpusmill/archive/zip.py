"""Members of a zip archive, as its directory lists them (PKWARE's APPNOTE.TXT 6.3.10; section numbers are of it).

Zip has two accounts of what it holds, the directory at the end and a header before each member; whoever believes only
one can be shown another archive than the next reader is. Here both have to agree, no two members may share bytes, the
directory has to end where the archive's last record begins, and that one where the file ends. Each member is unpacked
and its length and CRC are checked, wanted or not. Only stored and deflated members are read, the two methods in use.

The directory comes last, so the packed archive is kept aside first, in memory or, if large, in a nameless temporary
file. Nothing is ever extracted.
"""

import io
import stat
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple, cast
from zlib import crc32

from corpusmill.archive import codec
from corpusmill.archive.walk import HINT, Walk, decoded, shown
from corpusmill.errors import ContentError, StoreError, TooLargeError, TruncatedError

IN_MEMORY = 32 << 20  # bytes of a packed archive; a larger one goes to the disk
STORED, DEFLATED = 0, 8  # 4.4.5
_END = struct.Struct("<4s4H2LH")  # 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_ENTRY = struct.Struct("<4sH2x2H4x3L3H4x2L")  # 4.3.12
_LOCAL = struct.Struct("<4s2x2H4x3L2H")  # 4.3.7
_FIELD = struct.Struct("<2H")  # 4.5.1
_LONGEST_COMMENT = 0xFFFF
_MARKS = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)  # "zip64 says it instead", 4.4.1.4
_ZIP64 = 1  # 4.5.3
_ENCRYPTED, _SIZES_LATER, _UTF8 = 0x1, 0x8, 0x800  # 4.4.4: bits 0, 3, 11
_UNIX = (3, 19)  # 4.4.2: Unix, macOS
_KINDS = {
    stat.S_IFLNK: "link",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "special entry",
}


class _Directory(NamedTuple):
    start: int
    end: int
    entries: int


class _Entry(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int  # bytes
    size: int
    start: int  # of its local header
    kind: str  # "" for a file

    @property
    def text(self) -> str:
        return decoded(self.name, "utf-8" if self.flags & _UTF8 else "cp437")

    @property
    def least_end(self) -> int:
        """Where its bytes end if its local header has no extra field."""
        return self.start + _LOCAL.size + len(self.name) + self.packed


def members(head: bytes, rest: BinaryIO, walk: Walk) -> Iterator[tuple[str, bytes]]:
    """The files that are wanted, in the directory's order; `head` is what was read of the archive already.

    Raises TruncatedError, TooLargeError, ContentError; StoreError when there is no room for a temporary file.
    """
    with _aside(head, rest, walk.limits.total) as (file, length):
        directory = _directory(file, length)
        walk.count(directory.entries)
        entries = _entries(file, directory)
        room = _room(entries, directory.start)
        left = walk.limits.total
        for entry in entries:
            if entry.kind:
                walk.passed[entry.kind] += 1
                continue
            body = _read(file, entry, room[entry.start], walk, left)
            left -= entry.size
            if body is not None:
                yield entry.text, body


@contextmanager
def _aside(head: bytes, rest: BinaryIO, limit: int) -> Iterator[tuple[BinaryIO, int]]:
    """The packed archive as a file that can be sought in, and its length."""
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - closed below
    try:
        yield file, _spool(head, rest, file, limit)
    finally:
        with suppress(OSError):  # what a full disk could not take, it cannot take now; that has been told
            file.close()


def _spool(head: bytes, rest: BinaryIO, file: BinaryIO, limit: int) -> int:
    length, piece = 0, head
    while piece:
        length += len(piece)
        if length > limit:
            raise TooLargeError(f"too large: more than {limit:,} bytes in the archive", HINT)
        with _told():
            file.write(piece)
        piece = rest.read(codec.PIECE)
    with _told():
        file.flush()
    return length


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the system says of the temporary file into a StoreError."""
    try:
        yield
    except OSError as error:
        hint = "free some space there, or name another folder in TMPDIR"
        raise StoreError(f"{tempfile.gettempdir()}: {error.strerror or error}", hint) from error


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _directory(file: BinaryIO, length: int) -> _Directory:
    """Where the directory is, by the record that ends the file."""
    place, told = _end_record(file, length)
    if place >= _LOCATOR.size:
        place, told = _zip64(file, place, told)
    disk, first_disk, here, entries, size, start = told
    if disk or first_disk or here != entries:
        raise ContentError("corrupt archive: it is one of several parts of a zip archive", HINT)
    if start + size != place:
        raise ContentError("corrupt archive: its directory is not where its last record says", HINT)
    return _Directory(start, place, entries)


def _end_record(file: BinaryIO, length: int) -> tuple[int, Sequence[int]]:
    """The place of the last record and its fields; it ends with a comment that ends the file."""
    before = max(0, length - _END.size - _LONGEST_COMMENT)
    tail = _at(file, before, length - before)
    place, more = tail.rfind(b"PK\5\6"), False
    while place >= 0:
        if place + _END.size <= len(tail):
            _, *told, comment = _END.unpack_from(tail, place)
            if place + _END.size + comment == len(tail):
                return before + place, told
            more |= place + _END.size + comment < len(tail)
        place = tail.rfind(b"PK\5\6", 0, place + 3)
    if more:
        raise ContentError("corrupt archive: something follows the end of the zip archive", HINT)
    raise TruncatedError("truncated archive: the directory that ends a zip archive is missing", HINT)


def _zip64(file: BinaryIO, place: int, told: Sequence[int]) -> tuple[int, Sequence[int]]:
    """The same of the larger record that may stand before the last one, which then says where that is."""
    mark, _, start, _ = _LOCATOR.unpack(_at(file, place - _LOCATOR.size, _LOCATOR.size))
    if mark != b"PK\6\7":
        return place, told
    record = _at(file, start, _END64.size) if start < place else b""
    if len(record) < _END64.size or not record.startswith(b"PK\6\6"):
        raise ContentError("corrupt archive: its zip64 record is not where it says", HINT)
    _, size, _, _, *larger = _END64.unpack(record)
    agree = all(small in (mark, large) for small, large, mark in zip(told, larger, _MARKS, strict=True))
    if not agree or start + 12 + size != place - _LOCATOR.size:  # its size is told without the first 12 bytes
        raise ContentError("corrupt archive: its zip64 record contradicts its last record", HINT)
    return start, larger


def _entries(file: BinaryIO, directory: _Directory) -> list[_Entry]:
    file.seek(directory.start)
    entries = [_entry(file) for _ in range(directory.entries)]
    if file.tell() != directory.end:
        raise ContentError("corrupt archive: its directory is longer or shorter than it says", HINT)
    return entries


def _entry(file: BinaryIO) -> _Entry:
    fixed = file.read(_ENTRY.size)
    if not fixed.startswith(b"PK\1\2") or len(fixed) < _ENTRY.size:
        raise ContentError("corrupt archive: its directory is damaged", HINT)
    _, made_by, flags, method, crc, packed, size, *lengths, mode, start = _ENTRY.unpack(fixed)
    name, extra, _ = (file.read(length) for length in lengths)
    size, packed, start = _larger(extra, (size, packed, start))
    kind = "folder" if name.endswith(b"/") else ""
    if made_by >> 8 in _UNIX:
        kind = kind or _KINDS.get(stat.S_IFMT(mode >> 16), "")
    return _Entry(name, flags, method, crc, packed, size, start, kind)


def _larger(extra: bytes, told: tuple[int, ...]) -> list[int]:
    """Numbers of an entry, those that do not fit into 32 bits from its zip64 field (4.5.3)."""
    wanted = [place for place, number in enumerate(told) if number == _MARKS[-1]]
    numbers = list(told)
    while wanted and len(extra) >= _FIELD.size:
        kind, size = _FIELD.unpack_from(extra)
        field, extra = extra[_FIELD.size :][:size], extra[_FIELD.size + size :]
        if kind == _ZIP64 and len(field) >= 8 * len(wanted):
            for place, number in zip(wanted, struct.unpack_from(f"<{len(wanted)}Q", field), strict=True):
                numbers[place] = number
            break
    return numbers


def _room(entries: Sequence[_Entry], end: int) -> dict[int, int]:
    """Where each local header starts -> where the next thing does. Raises ContentError when two members overlap."""
    ordered = sorted(entries, key=lambda entry: entry.start)
    following = [*(entry.start for entry in ordered[1:]), end]
    for entry, after in zip(ordered, following, strict=True):
        _refuse_overlap(entry, entry.least_end, after)
    return {entry.start: after for entry, after in zip(ordered, following, strict=True)}


def _refuse_overlap(entry: _Entry, end: int, after: int) -> None:
    if end > after:
        raise ContentError(f"corrupt archive: member {shown(entry.text)} overlaps what follows it", HINT)


def _read(file: BinaryIO, entry: _Entry, after: int, walk: Walk, left: int) -> bytes | None:
    """A member's bytes, checked; nothing if it is not wanted. At most `left` bytes are unpacked."""
    start = _data(file, entry)
    _refuse_overlap(entry, start + entry.packed, after)
    wanted = walk.enter(entry.text)
    if wanted:
        walk.check_size(entry.text, entry.size)
    whole, came, crc = io.BytesIO(), 0, 0
    file.seek(start)
    for piece in _pieces(file, entry):
        came, crc = came + len(piece), crc32(piece, crc)
        if came > left:
            raise TooLargeError(f"too large: more than {walk.limits.total:,} bytes in the archive, unpacked", HINT)
        if came > entry.size:
            break
        if wanted:
            whole.write(piece)
    if (came, crc) != (entry.size, entry.crc):
        raise ContentError(f"corrupt archive: member {shown(entry.text)} has another length or CRC than listed", HINT)
    return whole.getvalue() if wanted else None


def _data(file: BinaryIO, entry: _Entry) -> int:
    """Where a member's data starts, after its local header, which has to say what the directory does."""
    fixed = _at(file, entry.start, _LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(b"PK\3\4"):
        raise ContentError(f"corrupt archive: member {shown(entry.text)} is not where the directory says", HINT)
    _, flags, method, crc, packed, size, name, extra = _LOCAL.unpack(fixed)
    if (flags | entry.flags) & _ENCRYPTED:
        raise ContentError(f"encrypted: member {shown(entry.text)}", "give it without a password")
    if method not in (STORED, DEFLATED):
        raise ContentError(f"corrupt archive: member {shown(entry.text)} is packed by method {method}", HINT)
    told = ((entry.crc, crc), (entry.packed, packed), (entry.size, size))
    later = flags & _SIZES_LATER  # after the data: the header was written before they were known
    agree = all(listed == here or here in (0 if later else None, _MARKS[-1]) for listed, here in told)
    if file.read(name) != entry.name or method != entry.method or not agree:
        raise ContentError(f"corrupt archive: member {shown(entry.text)} contradicts the directory", HINT)
    return entry.start + _LOCAL.size + int(name) + int(extra)


def _pieces(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    packed = _Part(file, entry.packed)
    if entry.method == STORED:
        yield from iter(lambda: packed.read(codec.PIECE), b"")
        return
    beyond = yield from codec.stream("deflate", codec.Deflate(-15), b"", packed)
    if beyond or packed.left:
        raise ContentError(f"corrupt archive: member {shown(entry.text)} ends before its data does", HINT)


class _Part:
    """The next `left` bytes of a file."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self.file, self.left = file, left

    def read(self, size: int) -> bytes:
        piece = self.file.read(min(size, self.left))
        self.left -= len(piece)
        return piece
