"""Where a redirect leads, and what may go along. Whether the target may be reached is for `guard` to say.

An address may hold ``${NAME}`` for a secret. What a host sends is not trusted to name one: such text is a reference
only on the way back to the origin that was asked, and only if the address that was asked had it.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urldefrag, urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from corpusmill.errors import ForbiddenError, RedirectError
from corpusmill.http.guard import CONTROL, PORTS
from corpusmill.secrets import REFERENCE

MOST = 10  # redirects on the way to one body; browsers follow 20

_HINT = "check the address"
_QUOTED_REFERENCE = re.compile(r"\$%7B(\w+)%7D")
# No secret, and of use to any host. Validators and ranges are about the body of one place, so they stay there.
_SAFE = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})


def hop(url: str, location: str, before: Sequence[str]) -> str:
    """Where a redirect from `url` leads, whole, quoted and without fragment; `before` are the addresses asked so far.

    Raises RedirectError (no Location, no address, a circle, more than MOST), ForbiddenError (another scheme, https
    left for http, a login).
    """
    url, location = urldefrag(url).url, _text(location)
    if not location:
        raise RedirectError(f"{url} redirects, but does not say where to", _HINT)
    target = _target(url, location)
    seen = list(dict.fromkeys([*(urldefrag(address).url for address in before), url]))
    if target in seen:
        raise RedirectError(f"{url} redirects in a circle: {' -> '.join([*seen, target])}", _HINT)
    if len(seen) > MOST:
        raise RedirectError(f"{seen[0]} redirects more than {MOST} times", _HINT)
    return target


def kept(headers: Mapping[str, str], url: str, target: str) -> dict[str, str]:
    """The headers that may go along: all to the same scheme, host and port, else only those that tell nothing."""
    same = _origin(url) == _origin(target)
    return {name: value for name, value in headers.items() if same or name.lower() in _SAFE}


def _text(location: str) -> str:
    """A Location as its host meant it: header bytes arrive as Latin-1, and are mostly UTF-8."""
    try:
        return location.encode("latin-1").decode().strip()
    except UnicodeError:
        return location.strip()


def _target(url: str, location: str) -> str:
    try:
        joined = urljoin(url, location)
        parsed = parse_url(joined)  # as `requests` reads it, so that what is judged is what is asked
        netloc = urlsplit(joined).netloc
    except (LocationParseError, ValueError) as error:
        raise RedirectError(f"{url} redirects to what is no address: {location!r}", _HINT) from error
    _refuse_wrong(url, location, parsed, login="@" in netloc and netloc != urlsplit(url).netloc)
    target = parsed._replace(path=parsed.path or "/", fragment=None).url
    mine = set(REFERENCE.findall(url)) if _origin(target) == _origin(url) else set()
    return _QUOTED_REFERENCE.sub(lambda quoted: f"${{{quoted[1]}}}" if quoted[1] in mine else quoted[0], target)


def _refuse_wrong(url: str, location: str, target: Url, *, login: bool) -> None:
    if target.scheme not in PORTS:
        raise ForbiddenError(f"{url} redirects to {location!r}", "only http and https are followed")
    if target.scheme == "http" and urlsplit(url).scheme == "https":
        raise ForbiddenError(f"{url} redirects to {location!r}", "https is not left for http")
    if not target.host or CONTROL.search(location):
        raise RedirectError(f"{url} redirects to what is no address: {location!r}", _HINT)
    if login:
        raise ForbiddenError(f"{url} redirects with a login of the host's own", "ask for the address it leads to")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)
