"""Chunked bodies, read strictly: every size and the end must be there whole.

Python's reader takes a size that was cut after its zeros (``000`` of ``0008``) for the last chunk, and a connection
that closes for the end of the trailer, so a body that was cut there would count as whole.
"""

import http.client
import re

_LINE = 65_536  # bytes of a size or a trailer, as Python bounds its lines
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")


class ContradictionError(http.client.HTTPException):
    """Several lengths for one body."""


class WholeResponse(http.client.HTTPResponse):
    """An answer whose chunks are believed only whole. Overrides what Python keeps to itself, unchanged since 2003."""

    def begin(self) -> None:
        """Read the headers. Raises ContradictionError here, where the connection is still ours to close."""
        super().begin()
        lengths = {part.strip() for value in self.headers.get_all("Content-Length", []) for part in value.split(",")}
        if len(lengths) > 1:
            raise ContradictionError("several lengths")

    def _read_next_chunk_size(self) -> int:
        """The size of the next chunk. Raises ValueError, which the caller makes an IncompleteRead."""
        found = _SIZE.fullmatch(self.fp.readline(_LINE + 1))
        if not found:
            self._close_conn()  # type: ignore[attr-defined] # where the next answer would begin is lost
            raise ValueError("no size of a chunk")
        return int(found[1], 16)

    def _read_and_discard_trailer(self) -> None:
        """The lines after the last chunk, up to the empty one."""
        while (line := self.fp.readline(_LINE + 1)) not in (b"\r\n", b"\n"):
            if not line.endswith(b"\n"):
                raise http.client.IncompleteRead(b"")
