"""JSON that says whether it is as it was written: its second line is the SHA-256 of all its other lines.

    sed 2d manifest.json | sha256sum        # gives what the second line says

JSON has no checksum of its own, and one flipped bit in a number or a name is JSON as good as before. What was written
without a seal is read as it is: versions that were published before there were seals stay readable, and a seal that is
itself so damaged that it is none leaves the rest as it was.
"""

import re

from corpusmill.store.ids import sha256

_SEAL = re.compile(rb'\{\n "sha256": "([^"\n]*)",\n')
_OPEN = b"{\n"


def seal(body: bytes) -> bytes:
    """An indented JSON object, its digest put in as its first member."""
    assert body.startswith(_OPEN), "an indented object that is not empty"
    return b'{\n "sha256": "%s",\n' % sha256(body).encode() + body[len(_OPEN) :]


def is_sealed(body: bytes) -> bool:
    """Whether there is a digest to go by."""
    return bool(_SEAL.match(body))


def broken(body: bytes) -> bool:
    """Whether these bytes are others than those that were sealed; unsealed ones never are."""
    found = _SEAL.match(body)
    return found is not None and found[1].decode(errors="replace") != sha256(_OPEN + body[found.end() :])
