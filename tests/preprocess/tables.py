"""Documents as the table that is decided on, through real partitions."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from corpusmill.types import Document, Drop
from preprocess.decide import index, near
from preprocess.decide.index import Parsed
from preprocess.decide.near import NearOptions
from preprocess.partition import files as partition

_KEYS = count()


def document(number: int, text: str = "corn", **fields) -> Document:
    """A document whose id is a number; `text` and all else as the test says."""
    given = {"source": "file:a", "raw_sha256": "r", "licence": "MIT"} | fields
    return Document(id=f"{number:032x}", text=text, **given)


def written(folder: Path, content: Sequence[Document | Drop], near_: NearOptions | None = None, key: str = "") -> str:
    """The key of a partition that holds this."""
    signed = (lambda texts: near.signatures(texts, near_).tobytes()) if near_ else None
    writer = partition.Writer(folder, key or f"{next(_KEYS):032x}", signed=signed)
    for each in content:
        (writer.drop if isinstance(each, Drop) else writer.add)(each)
    writer.close()
    return writer.key


def joined(
    folder: Path, *partitions: Sequence[Document | Drop], signals: int = 0, near_: NearOptions | None = None
) -> Parsed:
    """What partitions with this in them give."""
    keys = [written(folder, content, near_) for content in partitions]
    return index.join(folder, keys, signals, near_.permutations if near_ else 0)
