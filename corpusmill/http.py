"""The only way to the network: a client that fetches whole bodies or says why not.

It knows addresses, not corpora. `Client.get` is a function url -> (RawFile, body); collectors take that function, so a
test passes one of its own. With a mirror set, ``https://host/path`` is asked of ``MIRROR/host/path`` and recorded under
its true address, so a snapshot taken from a mirror is the same as one taken from the source.
"""

import gzip
import io
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from corpusmill import __version__
from corpusmill.errors import ContentError, NetworkError
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile

Get = Callable[[str], tuple[RawFile, bytes]]
"""A whole fetch: the address -> its record and its body."""

USER_AGENT = f"corpusmill/{__version__} (text corpora for character models; requests)"
TIMEOUTS = (10.0, 30.0)  # seconds to connect, and between two pieces of a body
DEADLINE = 600.0  # seconds for one body in all: `requests` has no such limit, a byte a second would never end
LARGEST = 1 << 30  # bytes of one decoded body
_RETRIES = Retry(
    total=3,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=(408, 425, 429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    retry_after_max=60,
    raise_on_status=False,
)


def now() -> str:
    """The moment, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Client:
    """Fetches over HTTP; `mirror` is an address that stands in for all hosts."""

    mirror: str = ""
    retries: Retry = _RETRIES
    deadline: float = DEADLINE
    largest: int = LARGEST
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Mount the retries; a mirror is reached directly, whatever proxy the environment names."""
        self.session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
        self.session.trust_env = not self.mirror
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=self.retries))

    def get(self, url: str) -> tuple[RawFile, bytes]:
        """Fetch `url` whole.

        Raises NetworkError (no answer, or an error status), ContentError (a body empty, truncated or too large).
        """
        try:
            with self.session.get(self._address(url), stream=True, timeout=TIMEOUTS) as response:
                if response.status_code != requests.codes.ok:
                    raise NetworkError(f"{url} answered {response.status_code} {response.reason}", self._hint())
                body = self._decoded(url, response, self._sent(url, response))
                return self._record(url, response, body), body
        except urllib3.exceptions.ProtocolError as error:
            raise ContentError(f"{url} ended before its whole length", "repeat the command") from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            by_proxy = isinstance(error, requests.exceptions.ProxyError)
            via = " through the proxy that the environment names" if by_proxy else ""
            raise NetworkError(f"cannot fetch {url}{via}: {_reason(error)}", self._hint()) from error

    def _address(self, url: str) -> str:
        if not self.mirror:
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.mirror.rstrip('/')}/{parts.netloc}{parts.path}{query}"

    def _true_address(self, url: str, asked: str) -> str:
        """Undo the mirror's rewriting, keeping the scheme that was asked for."""
        prefix = f"{self.mirror.rstrip('/')}/"
        mirrored = bool(self.mirror) and url.startswith(prefix)
        return f"{urlsplit(asked).scheme}://{url.removeprefix(prefix)}" if mirrored else url

    def _sent(self, url: str, response: requests.Response) -> bytes:
        """The body as the host sent it, piece by piece as it comes: a whole block may be hours in coming."""
        started, body = time.monotonic(), bytearray()
        while piece := response.raw.read1(1 << 16, decode_content=False):
            body += piece
            if len(body) > self.largest:
                raise self._too_large(url)
            if time.monotonic() - started > self.deadline:
                raise NetworkError(f"{url} took longer than {self.deadline:g} s", self._hint())
        return bytes(body)

    def _decoded(self, url: str, response: requests.Response, sent: bytes) -> bytes:
        """The body itself. `requests` would take a gzip stream that stops early for a whole one."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise ContentError(f"{url} is encoded as {encoding!r}, unasked", "tell the host's owner")
        try:
            body = sent if encoding == "identity" else gzip.GzipFile(fileobj=io.BytesIO(sent)).read(self.largest + 1)
        except EOFError as error:
            raise ContentError(f"{url} ended before its whole length", "repeat the command") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise ContentError(f"{url} is not the gzip it says it is: {error}", "tell the host's owner") from error
        if not body:
            raise ContentError(f"{url} is empty", "check the address in the corpus file")
        if len(body) > self.largest:
            raise self._too_large(url)
        return body

    def _too_large(self, url: str) -> ContentError:
        return ContentError(f"{url} is larger than {self.largest:,} bytes", "declare a smaller source")

    def _record(self, url: str, response: requests.Response, body: bytes) -> RawFile:
        headers = response.headers
        return RawFile(
            url=url,
            final_url=self._true_address(response.url, url),
            status=response.status_code,
            sha256=sha256(body),
            bytes=len(body),
            media_type=headers.get("Content-Type", "").partition(";")[0].strip(),
            etag=headers.get("ETag", ""),
            last_modified=headers.get("Last-Modified", ""),
            fetched_at=now(),
        )

    def _hint(self) -> str:
        if self.mirror:
            return f"is the mirror at {self.mirror} running and whole?"
        return "check the network, or use what was collected before with --offline"


def _reason(error: BaseException) -> str:
    """The innermost cause in the system's words: the messages around it name pools, ports and retries."""
    inner = error.__cause__ or next((part for part in error.args if isinstance(part, BaseException)), None)
    if inner:
        return _reason(inner)
    said = str(getattr(error, "strerror", None) or error)
    return said if said and said.isprintable() else repr(error)
