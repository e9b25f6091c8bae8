"""Members of a zip archive, read in memory: never extracted, so a name is data and no path.

It knows no formats inside. Every length is bounded before anything is inflated, and a member never gives more bytes
than the archive's directory says, so a bomb costs no more than `LIMIT`.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from corpusmill.errors import ParseError

LIMIT = 512 << 20  # bytes of all members together: what fits twice into a small machine's memory
MEMBERS = 10_000
_CHUNK = 1 << 20
_HINT = "fetch the archive again, or leave it out"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python inflates the others without a bound
_ENCRYPTED = 0x1  # APPNOTE.TXT 4.4.4: general purpose bit 0


def is_zip(body: bytes) -> bool:
    """Whether bytes begin as a zip archive, full or empty."""
    return body.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def members(body: bytes, limit: int = LIMIT) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file in a zip archive, in its order; folders are passed over.

    Raises ParseError for an archive that is corrupt, encrypted, or inflates to more than `limit` bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = [info for info in archive.infolist() if not info.filename.endswith("/")]
            _refuse(files, limit)
            for info in files:
                yield info.filename, _read(archive, info)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise ParseError(f"corrupt archive: {error}", _HINT) from error


def _refuse(files: list[zipfile.ZipInfo], limit: int) -> None:
    size = sum(info.file_size for info in files)
    if size > limit or len(files) > MEMBERS:
        raise ParseError(f"too large: {len(files)} members of {size} bytes in all", _HINT)
    for info in files:
        if info.flag_bits & _ENCRYPTED:
            raise ParseError(f"encrypted: member {info.filename!r}", "give it without a password")
        if info.compress_type not in _METHODS:
            raise ParseError(
                f"corrupt archive: member {info.filename!r} is packed by method {info.compress_type}", _HINT
            )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's bytes, its CRC checked; in pieces, since one large read may inflate beyond the declared size."""
    with archive.open(info) as member:
        return b"".join(iter(lambda: member.read(_CHUNK), b""))
