"""Where in a damaged shard the damage is, as far as its page checksums tell. It repairs nothing.

``damaged(path)`` says: "row group 2 of 3 (rows 400 to 599), column text"
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_FAILURES = (pa.ArrowException, OSError)


def damaged(path: Path) -> str:
    """The row groups and columns of a file that cannot be read, in words."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = list(_unreadable(file))
    except _FAILURES:
        return "its footer cannot be read, so none of its rows can"
    return "; ".join(found) or "each of its pages reads well, so it is another shard or its footer is damaged"


def _unreadable(file: pq.ParquetFile) -> Iterator[str]:
    start = 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        columns = [name for name in file.schema_arrow.names if not _reads(file, number, name)]
        if columns:
            where = f"row group {number + 1} of {file.num_row_groups} (rows {start:,} to {start + rows - 1:,})"
            yield f"{where}, column{'s' * (len(columns) > 1)} {', '.join(columns)}"
        start += rows


def _reads(file: pq.ParquetFile, number: int, column: str) -> bool:
    try:
        read: int = file.read_row_group(number, [column]).num_rows
    except _FAILURES:
        return False
    return read == int(file.metadata.row_group(number).num_rows)
