"""What was counted or measured before, in small files beside the partitions; what is damaged is measured anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import xxhash

T = TypeVar("T")


def known(path: Path, kind: Any) -> Any:
    """What a file holds, of this kind; None where there is none, or it is damaged."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        return msgspec.json.decode(body, type=kind) if digest == _digest(body) else None
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def kept(path: Path, kind: Any, make: Callable[[], T]) -> T:
    """What a file holds, of this kind, or else what is made now, which is then kept in it."""
    found = known(path, kind)
    if found is not None:
        return cast("T", found)
    made = make()
    keep(path, made)
    return made


def keep(path: Path, value: object) -> None:
    """Write such a file. It need not survive a crash: half of one is a damaged one."""
    body = msgspec.json.encode(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_digest(body) + b"\n" + body)


def _digest(body: bytes) -> bytes:
    return xxhash.xxh3_128_hexdigest(body).encode()
