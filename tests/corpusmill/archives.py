"""Archives made byte by byte, honest and otherwise."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from zlib import crc32

import zstandard

from corpusmill import archive

FILES = {"mill/a.txt": b"grist", "mill/b.txt": b"corn " * 300, "mill/empty": b"", "c": bytes(range(256)) * 3}
END = bytes(1024)
PACKERS = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def header(
    name: bytes = b"mill.txt",
    size: int = 0,
    type_: bytes = b"0",
    *,
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    size_field: bytes = b"",
    signed: bool = False,
) -> bytes:
    """A tar header with a right checksum."""
    fields = b"".join([
        name.ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        size_field or b"%011o\0" % size,
        b"00000000000\0",
        b"        ",
        type_,
        bytes(100),
        magic,
        bytes(80),
        prefix.ljust(155, b"\0"),
        bytes(12),
    ])  # fmt: skip
    total = sum(struct.unpack("512b", fields)) if signed else sum(fields)
    return fields[:148] + b"%06o\0 " % total + fields[156:]


def padded(body: bytes) -> bytes:
    """A body, and zeros up to the end of its block."""
    return body + bytes(-len(body) % 512)


def entry(name: bytes = b"mill.txt", body: bytes = b"grist", type_: bytes = b"0", **fields) -> bytes:
    """A member of a tar archive."""
    return header(name, len(body), type_, **fields) + padded(body)


def pax(records: Mapping[bytes, bytes], type_: bytes = b"x") -> bytes:
    """An extended header that says something of the next member, or (g) of all that follow."""
    return entry(b"pax", b"".join(record(key, value) for key, value in records.items()), type_)


def record(key: bytes, value: bytes) -> bytes:
    """``length key=value``, in which the length counts its own digits."""
    rest = b" %b=%b\n" % (key, value)
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return b"%d" % length + rest


def tar(files: Mapping[str, bytes] = FILES, format_: int = tarfile.PAX_FORMAT) -> bytes:
    """What Python's tarfile makes, folders and a link included."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=format_) as writer:
        for type_, name in ((tarfile.DIRTYPE, "mill"), (tarfile.SYMTYPE, "link")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = type_, "/etc/passwd"
            writer.addfile(info)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            writer.addfile(info, io.BytesIO(content))
    return body.getvalue()


def zipped(
    files: Mapping[str, bytes] = FILES, method: int = zipfile.ZIP_DEFLATED, *, late: bool = False, large: bool = False
) -> bytes:
    """What Python's zipfile makes, a folder and a link included.

    `late`: sizes stand after the data, as from a writer that cannot go back; `large`: in zip64's fields.
    """
    body = io.BytesIO()
    with zipfile.ZipFile(_Forward(body) if late else body, "w", method) as writer:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with writer.open(info, "w", force_zip64=large) as member:
                member.write(content)
        writer.writestr(zipfile.ZipInfo("mill/"), b"")
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        writer.writestr(link, b"/etc/passwd")
    return body.getvalue()


def local(name: bytes, body: bytes) -> bytes:
    """A stored member of a zip archive, its name in UTF-8."""
    sizes = (crc32(body), len(body), len(body), len(name))
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0x800, 0, 0, 0, *sizes, 0) + name + body


def listing(members: bytes, *files: tuple[bytes, bytes, int]) -> bytes:
    """A zip archive whose directory says that these files (name, body, place) are in `members`."""
    listed = b""
    for name, body, place in files:
        sizes = (crc32(body), len(body), len(body), len(name))
        listed += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0x800, 0, 0, 0, *sizes, 0, 0, 0, 0, 0, place) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(files), len(files), len(listed), len(members), 0)
    return members + listed + end


class _Forward(io.RawIOBase):
    def __init__(self, into: io.BytesIO) -> None:
        self.write = into.write

    def writable(self) -> bool:
        return True


class Dribble(io.BytesIO):
    """A stream that gives little at a time, as a socket may."""

    def read(self, size: int = -1) -> bytes:
        return super().read(min(size, 7) if size >= 0 else size)


def patched(body: bytes, mark: bytes, offset: int, fields: str, *values: int) -> bytes:
    """Overwrite fields of the first record of a zip archive that begins with a mark."""
    out = bytearray(body)
    struct.pack_into(fields, out, body.index(mark) + offset, *values)
    return bytes(out)


def zip64() -> bytes:
    """An archive with a zip64 record, which says the same as the last one."""
    body = ZIP[:-22]
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", ZIP[-22:])
    record64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    return body + record64 + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, 0xFFFFFFFF, 0)


def read(body: bytes, stream=io.BytesIO, **options) -> list[tuple[str, bytes]]:
    """The members of an archive."""
    return list(archive.members(stream(body), **options))


ZIP = zipped({"a": b"corn " * 100, "b": b"grist"})

WHOLE = (
    {"tar": tar(), "zip": zipped(), "zip, stored": zipped(method=zipfile.ZIP_STORED)}
    | {f"zip, sizes {where}": zipped(**{where: True}) for where in ("late", "large")}
    | {f"tar in {kind}": pack(tar()) for kind, pack in PACKERS.items()}
)
