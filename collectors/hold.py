"""Whether a refresh looks wrong: it shrank, it is gone, or its pages have turned into one and the same.

A source that breaks seldom says so. A site that moved answers 200 with its home page at every old address (a "soft
404"), an export that failed is half as long. Such a snapshot is kept, but held until somebody has looked at it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import requests

from corpusmill.types import RawFile, Snapshot

SHRUNK = 0.7  # of the files, or of the bytes, that there were before
ALIKE = 3  # pages that say the same: two may well, by chance or on purpose
ALIKE_SHARE = 0.05  # of the pages
_UNSEEN = re.compile(rb"<(script|style|noscript|svg|head)\b")
_VARYING = re.compile(rb"[\d\W_]+")

Read = Callable[[str], bytes]


def suspicions(before: Snapshot | None, after: Snapshot, read: Read) -> list[str]:
    """What looks wrong about `after`, in words; nothing when it looks well. `read` gives a body by its SHA-256."""
    return [*_shrunk(_living(before), _living(after)), *_alike(_living(before), _living(after), read)]


def _living(snapshot: Snapshot | None) -> list[RawFile]:
    return [file for file in snapshot.files if file.status == requests.codes.ok] if snapshot else []


def _shrunk(before: list[RawFile], after: list[RawFile]) -> list[str]:
    if not before:
        return []
    if not after:
        return [f"nothing is left of {len(before):,} files"]
    sizes = {
        "files": (len(before), len(after)),
        "bytes": (sum(f.bytes for f in before), sum(f.bytes for f in after)),
    }
    return [f"{now:,} {what} are left of {was:,}" for what, (was, now) in sizes.items() if now < SHRUNK * was]


def _alike(before: list[RawFile], after: list[RawFile], read: Read) -> list[str]:
    """Files that say the same now, and did not when they were fetched before."""
    was = {file.url: file.sha256 for file in before}
    new = [file for file in after if was.get(file.url) != file.sha256]
    groups: dict[bytes, list[RawFile]] = defaultdict(list)
    for file in new:
        groups[_says(file, read)].append(file)
    largest = max(groups.values(), key=len, default=[])
    parted = len({was[file.url] for file in largest if file.url in was})  # different pages before
    if parted > 1 or len(largest) >= max(ALIKE, ALIKE_SHARE * len(after)):
        return [
            f"{len(largest):,} of {len(after):,} files say the same, {largest[0].url} and {largest[1].url} among them"
        ]
    return []


def _says(file: RawFile, read: Read) -> bytes:
    """What a page says to a reader, without what differs from one answer to the next; other files, to the letter."""
    if "html" not in file.media_type:
        return file.sha256.encode()
    return _VARYING.sub(b" ", b" ".join(_visible(read(file.sha256).lower()))).strip() or file.sha256.encode()


def _visible(page: bytes) -> Iterator[bytes]:
    """The text between the tags, but not in scripts and their like. What is never closed ends the page: one pass."""
    at = 0
    while (start := page.find(b"<", at)) >= 0:
        yield page[at:start]
        unseen = _UNSEEN.match(page, start)
        closer = b"-->" if page.startswith(b"<!--", start) else b"</" + unseen[1] if unseen else b">"
        end = page.find(closer, start)
        if end < 0:
            return
        at = end + len(closer)
    yield page[at:]
