"""The record of a fetch: what a manifest keeps of it. Secrets are out of it before it exists."""

from collections.abc import Mapping
from datetime import UTC, datetime

import requests

from corpusmill.http.part import Origin
from corpusmill.types import RawFile

NOTHING_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_KEPT_HEADERS = ("link", "content-type", "content-language", "date", "etag", "last-modified")


def now() -> str:
    """The moment, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def headers(response: requests.Response) -> Mapping[str, str]:
    """The headers that a transport may read, by name in lower case."""
    return {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}


def fetched(url: str, start: Origin, robots: str, sha256: str, size: int) -> RawFile:
    """A body that came whole; `start` says where it came from."""
    return RawFile(
        url=url,
        final_url=start.final_url,
        status=requests.codes.ok,
        sha256=sha256,
        bytes=size,
        media_type=start.media_type,
        etag=start.etag,
        last_modified=start.last_modified,
        fetched_at=now(),
        robots=robots,
    )


def gone(url: str, final_url: str, status: int, robots: str) -> RawFile:
    """A tombstone: the address is known, its body is not."""
    return RawFile(
        url=url,
        final_url=final_url,
        status=status,
        sha256=NOTHING_SHA256,
        bytes=0,
        fetched_at=now(),
        robots=robots,
    )
