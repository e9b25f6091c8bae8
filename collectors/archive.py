"""Archives at known addresses, each read whole before it is kept for good.

``[source] urls = ["https://host/linux.tar.xz"]`` lists them, `beside` names plain files that belong to them;
``[source.sha256]`` may pin what each archive has to be. A body
that ends too early, is damaged or is no archive at all (an error page with status 200) is refused here and not at the
build, which opens the same archive again. Which members are read, the build decides (``[parse] members``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests

from collectors.files import http_only
from collectors.intake import Intake
from corpusmill import archive
from corpusmill.errors import ContentError, SpecError
from corpusmill.http import Fetched
from corpusmill.types import RawFile

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Keys of ``[source]``."""

    urls: tuple[str, ...]
    sha256: Mapping[str, str] = field(default_factory=dict)  # url -> digest in hex
    beside: tuple[str, ...] = ()  # addresses of plain files that belong to the archives

    def __post_init__(self) -> None:
        """Raises SpecError for no address, for those that cannot be fetched, and for a pin that pins nothing."""
        if not self.urls:
            raise SpecError("source names no address", "give it urls = [...]")
        for url in (*self.urls, *self.beside):
            http_only(url)
        for url, digest in self.sha256.items():
            if url not in self.urls:
                raise SpecError(f"source.sha256: {url!r} is not one of source.urls", "write it as it stands there")
            if not _SHA256.fullmatch(digest):
                raise SpecError(f"source.sha256: {digest!r} is no SHA-256", "64 digits from 0 to 9 and a to f")


def origin(options: Options) -> str:
    """The first address."""
    return options.urls[0]


def collect(options: Options, intake: Intake) -> Iterator[tuple[RawFile, int]]:
    """Fetch and check each archive once; one that the host says is unchanged was checked when it came.

    Raises what the intake raises; ContentError, TruncatedError, TooLargeError for a body that is no whole archive.
    """
    urls = list(dict.fromkeys((*options.urls, *options.beside)))
    for fetched in intake.each(urls):
        url = fetched.record.url
        if url not in options.urls:
            yield fetched.record, len(urls)
            continue
        try:
            _check(fetched, options)
        except ContentError:
            if fetched.headers:  # an answer of just now
                raise
            fetched = intake.get(url, anew=True)  # noqa: PLW2901 - an unfinished collect kept what is not to be believed
            _check(fetched, options)
        yield fetched.record, len(urls)


def _check(fetched: Fetched, options: Options) -> None:
    record = fetched.record
    pinned = options.sha256.get(record.url, record.sha256)
    if record.status != requests.codes.ok:
        return
    if record.sha256 != pinned:
        hint = "if the source has really changed, mend source.sha256"
        raise ContentError(f"{record.url} is not what source.sha256 pins: its digest is {record.sha256}", hint)
    if fetched.unchanged:
        return
    try:
        with fetched.open() as body:
            found = archive.check(body)
    except ContentError as error:
        raise type(error)(f"{record.url}: {error.message}", error.hint) from error
    if not found["file"]:
        raise ContentError(f"{record.url}: empty: the archive holds no file", "check the address")
