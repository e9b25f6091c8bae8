"""Bodies as files: a blob unpacked and checked before its first byte is handed out, in little memory however large."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from corpusmill.store.blobs import open_blob

IN_MEMORY = 4 << 20  # bytes; what is larger goes through a temporary file


def opened(root: Path, digest: str) -> BinaryIO:
    """The body, read in any order. Raises CorruptError when it is missing or not what was stored."""
    with ExitStack() as failing, open_blob(root, digest) as blob:
        body = cast("BinaryIO", failing.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY)))
        shutil.copyfileobj(blob, body)  # to the end, where the digest is checked
        body.seek(0)
        failing.pop_all()  # whole: it stays open for the caller
        return body
