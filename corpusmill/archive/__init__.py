"""Archives, read and never extracted: tar and zip; files and tar archives packed with gzip, bzip2, xz or zstd.

    for name, body in archive.members(stream, wanted=lambda name: name.endswith(".c")): ...

One pass over a stream, one member in memory at a time. A member's name is data: it becomes no path, and links, devices
and folders are passed over. An archive is believed only whole: read to its last byte, every checksum right, nothing
missing and nothing after it. What it may cost is bounded by what comes out of it, not by what it claims (`Limits`).

All trouble is a ContentError or its TruncatedError and TooLargeError, whose message is ``reason: detail`` and names no
file. It comes where it is met, so only who has read all members knows that they are all and right.

It knows nothing of where archives come from or what is in them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO

from corpusmill.archive import codec, tar
from corpusmill.archive import zip as zip_
from corpusmill.archive.ahead import ahead
from corpusmill.archive.kinds import HEAD, kind_of, looks_like
from corpusmill.archive.pieces import Pieces
from corpusmill.archive.walk import LIMITS, Limits, Walk
from corpusmill.errors import ContentError

__all__ = ["HEAD", "LIMITS", "Limits", "check", "is_single", "kind_of", "members", "single"]


def members(
    stream: BinaryIO,
    *,
    wanted: Callable[[str], bool] = lambda _name: True,
    limits: Limits = LIMITS,
    passed: Counter[str] | None = None,
    threaded: bool = False,
) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file that is wanted, in the archive's order.

    A single packed file has the name "": what its packer called it says less than its address does. `passed` counts
    what is no file, by what it is. `threaded` unpacks in a thread of its own, which then reads the stream. Two files of
    one name are refused (see `Walk.enter`). The stream is read to its end. Raises ContentError, TruncatedError,
    TooLargeError; and what reading the stream raises.
    """
    walk = Walk(wanted, limits, Counter() if passed is None else passed)
    return _members(stream, walk, ahead if threaded else iter)


def check(stream: BinaryIO, *, limits: Limits = LIMITS) -> Counter[str]:
    """Read an archive whole and keep none of it; returns how many it has of what ("file", "folder", "link" ...).

    Raises as `members`.
    """
    walk = Walk(lambda _name: False, limits, Counter())
    for _ in _members(stream, walk, iter):
        pass
    return walk.passed + Counter(file=len(walk.names))


def is_single(stream: BinaryIO, *, limits: Limits = LIMITS) -> bool:
    """Whether a stream is one packed file and no archive of members, by its first bytes.

    Raises ContentError and TruncatedError where they cannot be unpacked.
    """
    unpacked = _unpacked(stream, limits)
    return unpacked is not None and kind_of(unpacked.peek(HEAD)) != "tar"


def single(stream: BinaryIO, *, limits: Limits = LIMITS) -> Iterator[bytes]:
    """The one file that a packed stream is, in pieces, of any length. Raises as `members`."""
    unpacked = _unpacked(stream, limits)
    if unpacked is None:
        raise ContentError("no packed file: an archive has members", "read its members")
    yield from filter(None, unpacked)


def _unpacked(stream: BinaryIO, limits: Limits) -> Pieces | None:
    """What a packed stream holds; None where it is not packed as a whole."""
    head = _head(stream)
    kind = kind_of(head)
    if not kind or kind in ("zip", "tar"):
        return None
    return Pieces(codec.unpacked(kind, head, stream, limits), limits.total)


def _members(
    stream: BinaryIO, walk: Walk, taken: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> Iterator[tuple[str, bytes]]:
    head = _head(stream)
    kind = kind_of(head)
    if not kind:
        raise ContentError(f"no archive: {looks_like(head)}", "check the address")
    if kind == "zip":
        yield from zip_.members(head, stream, walk)
        return
    unpacked = _plain(head, stream) if kind == "tar" else codec.unpacked(kind, head, stream, walk.limits)
    pieces = Pieces(taken(unpacked), walk.limits.total)
    if kind_of(pieces.peek(HEAD)) == "tar":
        yield from tar.members(pieces, walk)
    else:
        yield from _single(pieces, walk)


def _head(stream: BinaryIO) -> bytes:
    """The first bytes; a stream may give fewer at a time than it is asked for."""
    head = b""
    while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
        head += more
    return head


def _plain(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    yield head
    yield from iter(lambda: stream.read(codec.UNPACKED), b"")


def _single(pieces: Pieces, walk: Walk) -> Iterator[tuple[str, bytes]]:
    """The file that a stream is, read to its end whether it is wanted or not."""
    walk.names.add("")
    if walk.wanted(""):
        body = pieces.take(walk.limits.member + 1)
        walk.check_size("", len(body))
        yield "", body
    for _ in pieces:
        pass
