"""One pass over an archive: what is wanted of it, what it may cost, and what has been met so far."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from corpusmill.errors import ContentError, TooLargeError

HINT = "fetch the archive again, or leave it out"
_LONGEST_SHOWN = 100
# Control characters, which a terminal would obey; and what marks the bytes that no encoding could read.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may cost, by what really comes out of it and never by what it claims."""

    entries: int = 1_000_000  # of any kind, links and folders too: Linux has 85,000, in a hundred bytes of memory each
    member: int = 2 << 30  # bytes of one member that is wanted, held in memory: Wikipedia's dumps come in files of 1 GB
    total: int = 64 << 30  # bytes in all, unpacked
    extended: int = 64 << 20  # of tar's extended headers in all: their records take far longer to read than other bytes


LIMITS = Limits()


@dataclass(slots=True)
class Walk:
    """Shared by the readers of all kinds."""

    wanted: Callable[[str], bool]
    limits: Limits
    passed: Counter[str]  # what is no file and is passed over: "folder", "link", "device" -> how many
    entries: int = 0
    extended: int = 0
    names: set[str] = field(default_factory=set)

    def count(self, entries: int = 1) -> None:
        """Count what the archive lists. Raises TooLargeError."""
        self.entries += entries
        if self.entries > self.limits.entries:
            raise TooLargeError(f"too large: more than {self.limits.entries:,} entries in the archive", HINT)

    def count_extended(self, size: int) -> None:
        """Count the bytes of an extended header. Raises TooLargeError."""
        self.extended += size
        if self.extended > self.limits.extended:
            raise TooLargeError(f"too large: more than {self.limits.extended:,} bytes of extended headers", HINT)

    def enter(self, name: str) -> bool:
        """Whether a file is wanted. Raises ContentError for no name, and for one that came before.

        A tar archive may hold a later copy that replaces the earlier one, but the earlier one has been given already;
        in a zip archive it is for each reader to choose. So neither is taken for the true one.
        """
        if not name:
            raise ContentError("corrupt archive: a member has no name", HINT)
        if name in self.names:
            raise ContentError(f"corrupt archive: two members are named {shown(name)}", HINT)
        self.names.add(name)
        return self.wanted(name)

    def check_size(self, name: str, size: int) -> None:
        """Raises TooLargeError for a member that would not fit into memory."""
        if size > self.limits.member:
            what = f"member {shown(name)}" if name else "the file"
            raise TooLargeError(f"too large: {what} has more than {self.limits.member:,} bytes", HINT)


def decoded(name: bytes, encoding: str = "utf-8") -> str:
    r"""A member's name as text, whatever its bytes: data that never becomes a path.

    What the encoding cannot read and control characters are written as escapes (``\xe9``, ``\x00``), so that every
    name can be printed, encoded and stored. Slashes, backslashes and dots stay as they are.
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", name.decode(encoding, "backslashreplace"))


def shown(name: str) -> str:
    """A name for a message, cut if long."""
    return repr(name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…")
