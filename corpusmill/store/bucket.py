"""A bucket of S3, or of a server that speaks like it, as `Objects`; and whether it can be a store at all.

    bucket = Steady(S3("s3://bucket/prefix", endpoint))
    probe(bucket)

Credentials, region and endpoint are AWS's usual variables, which obstore reads. It carries conditional writes as a mode
of `put`, has no dependencies and leaves Python's lock while it waits; its own repeating is off, since only `Steady` may
repeat a `create`.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from corpusmill.errors import StoreError, UsageError
from corpusmill.store.objects import Entry, Objects, PassingError, RefusedError, whole

SCHEME = "s3://"
LONGEST = timedelta(seconds=100)  # for one request, of which none carries more than a part of a large file
PIECE = 8 << 20
PART = 1 << 23  # larger files are sent in parts of so many bytes
_STATUS = re.compile(r"status code: (\d{3})")
_BUSY, _UNIMPLEMENTED = 429, 501
_SERVER = range(500, 600)
_CAPABILITY = "it must refuse to write an object that is there (If-None-Match: *)"


class S3:
    """Objects below a prefix of one bucket."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        """`url` is ``s3://bucket/prefix``. Raises UsageError for another; asks nobody yet."""
        said = urlsplit(url)
        if said.scheme != "s3" or not said.netloc or said.query or said.fragment or "@" in said.netloc:
            raise UsageError(f"{url} is no address of a store", "write s3://bucket/prefix")
        self._url, self._bucket = url.rstrip("/"), said.netloc
        options: Any = {"timeout": LONGEST, "connect_timeout": timedelta(seconds=10)}
        options["allow_http"] = endpoint(environment).startswith("http://")
        prefix = said.path.strip("/") or None
        try:
            self._store = S3Store(said.netloc, prefix=prefix, client_options=options, retry_config={"max_retries": 0})
        except BaseError as error:
            raise StoreError(f"{url}: {_said(error)}", "check the AWS_ variables") from error

    def __str__(self) -> str:
        """As it was asked for."""
        return self._url

    def get(self, key: str) -> bytes:
        """See Objects."""
        with self._told(key):
            return bytes(obstore.get(self._store, key).bytes())

    def pieces(self, key: str) -> Iterator[bytes]:
        """See Objects."""
        with self._told(key):
            stream = obstore.get(self._store, key).stream(min_chunk_size=PIECE)
        return self._streamed(key, iter(stream))

    def part(self, key: str, start: int, end: int) -> bytes:
        """See Objects."""
        with self._told(key):
            return bytes(obstore.get_range(self._store, key, start=start, end=end))

    def put(self, key: str, body: bytes | Path) -> None:
        """See Objects."""
        with self._told(key):
            obstore.put(self._store, key, body, chunk_size=PART, max_concurrency=4)

    def create(self, key: str, body: bytes | Path) -> bool:
        """See Objects. Raises StoreError where the server does not know the condition."""
        with self._told(key):
            try:
                obstore.put(self._store, key, whole(body), mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

    def size(self, key: str) -> int | None:
        """See Objects."""
        try:
            with self._told(key):
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    def list(self, prefix: str) -> Iterator[Entry]:
        """See Objects."""
        with self._told(prefix):
            for chunk in obstore.list(self._store, prefix or None, chunk_size=1000):
                for found in chunk:
                    yield Entry(found["path"], found["size"], found["e_tag"] or "", found["last_modified"])

    def copy(self, source: str, target: str) -> None:
        """See Objects."""
        with self._told(source):
            obstore.copy(self._store, source, target)

    def delete(self, keys: Iterable[str]) -> None:
        """See Objects."""
        listed = [*keys]
        with self._told(listed[0] if listed else ""):
            obstore.delete(self._store, listed)

    def _streamed(self, key: str, stream: Iterator[Any]) -> Iterator[bytes]:
        with self._told(key):
            for piece in stream:
                yield bytes(piece)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Turn what the library says into our errors; FileNotFoundError stays, unless it is the bucket."""
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._no_bucket() from error
            raise
        except BaseError as error:
            raise self._error(key, error) from error

    def _error(self, key: str, error: BaseError) -> StoreError:
        text = str(error)
        found = _STATUS.search(text)
        status = int(found[1]) if found else 0
        where = f"{self._url}: {key}" if key else self._url
        if "NoSuchBucket" in text:
            return self._no_bucket()
        if isinstance(error, NotSupportedError) or status == _UNIMPLEMENTED:
            return StoreError(f"{where}: the server does not do this: {_said(error)}", f"use another; {_CAPABILITY}")
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            remedy = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do with this bucket"
            return RefusedError(f"{where}: refused: {_said(error)}", remedy)
        if not status or status == _BUSY or status in _SERVER:
            return PassingError(f"{where}: {_said(error)}", "check AWS_ENDPOINT_URL and the network, then repeat")
        return StoreError(f"{where}: {_said(error)}", "check AWS_REGION and AWS_ENDPOINT_URL")

    def _no_bucket(self) -> StoreError:
        return StoreError(
            f"{self._url}: there is no bucket {self._bucket}", "make it, or check its name and AWS_REGION"
        )


def endpoint(environment: Mapping[str, str]) -> str:
    """Where the server is; empty for Amazon's own."""
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""


def probe(bucket: Objects) -> None:
    """Create one key twice: the second must be refused. Raises StoreError for a server of which two writers can win."""
    key = f"commits/probe-{uuid.uuid4().hex}"
    remedy = f"use a server that does, or a store in a folder: {_CAPABILITY}"
    try:
        if not bucket.create(key, b"1"):
            raise StoreError(f"{bucket}: it says that a new key is there already", remedy)
        if bucket.create(key, b"2") or bucket.get(key) != b"1":
            raise StoreError(f"{bucket}: it ignores the condition of a conditional write", remedy)
    finally:
        with suppress(StoreError):  # what went wrong before counts
            bucket.delete([key])


def _said(error: BaseError) -> str:
    """What matters of a message that goes on for pages: the server's own words, or the first line."""
    text = str(error)
    code, words = re.search(r"<Code>([^<]*)", text), re.search(r"<Message>([^<]*)", text)
    if code:
        return f"{code[1]}: {words[1]}" if words else code[1]
    first = text.partition("\n")[0]
    return f"HTTP {first.partition('status code: ')[2].partition(':')[0]}" if _STATUS.search(first) else first.strip()
