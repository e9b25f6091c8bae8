r"""One page, one address: however a link is spelt, it becomes the same text, and only http(s) addresses become one.

    canonical("../b/./%7ejoe#top", "HTTP://Host:80/a/c")   ->  "http://host/b/~joe"

RFC 3986 (5.2 resolving, 6.2.2 and 6.2.3 normalising) with what browsers mend besides: white space, ``\`` for ``/``,
signs that need percent-encoding. Braces are encoded too, so no page can spell the ``${NAME}`` of a secret.
"""

import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna

LONGEST = 8_000  # characters; RFC 9110, 4.1, asks no server to take more
_PORTS = {"http": 80, "https": 443}
_NOWHERE = str.maketrans("", "", "\t\r\n")
_AROUND = "".join(map(chr, range(0x21)))  # white space and controls
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = "/:@!$&'()*+,;=%"
_QUERY = f"{_PATH}?"
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_BEFORE_QUERY = re.compile(r"^[^?#]*")
_SESSION_PATH = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SESSION_FIELD = re.compile(r"(?:jsessionid|phpsessid|utm_\w+)(?:=|\Z)", re.IGNORECASE)
_REFERENCE = re.compile(r"\$%7B([A-Za-z_][A-Za-z0-9_]*)%7D")


def canonical(href: str, base: str = "") -> str:
    """The address of a page, without its fragment and what only names a visit; "" for what is no http address."""
    url = absolute(href, base)
    if not url:
        return ""
    scheme, host, path, query, _ = urlsplit(url)
    fields = "&".join(field for field in query.split("&") if not _SESSION_FIELD.match(field))
    without = urlunsplit((scheme, host, _SESSION_PATH.sub("", path), fields, ""))
    return url if without == url else absolute(without)


def absolute(href: str, base: str = "") -> str:
    """The address that `href` means on the page `base`, normalised, without its fragment; "" when it is no http one."""
    href = href.translate(_NOWHERE).strip(_AROUND)
    if "\\" in href:
        href = _BEFORE_QUERY.sub(lambda path: path[0].replace("\\", "/"), href)
    try:
        parts = _joined(urlsplit(href), urlsplit(base))
        origin = _origin(parts.scheme, parts.hostname or "", parts.port)
        path, query = _encoded(parts.path, _PATH), _encoded(parts.query, _QUERY)
    except ValueError:  # a bracket, a port, a host or a surrogate that cannot be
        return ""
    if not origin or "@" in parts.netloc:
        return ""
    url = f"{origin}{_without_dots(path)}{f'?{query}' if query else ''}"
    return url if len(url) <= LONGEST else ""


def declared(url: str) -> str:
    """The address of a page as the corpus file gives it, in which ``${NAME}`` stands for a secret."""
    return _REFERENCE.sub(r"${\1}", canonical(url))


def host(url: str) -> str:
    """The host of a canonical address, with its port if that is not the scheme's own."""
    return urlsplit(url).netloc


def _joined(href: SplitResult, base: SplitResult) -> SplitResult:
    """RFC 3986, 5.2.2; ``http:a`` is relative, as in browsers. The library's own join loses the ``//`` in a path."""
    if href.netloc or (href.scheme and href.scheme != base.scheme):
        return href._replace(scheme=href.scheme or base.scheme)
    if href.path.startswith("/"):
        return base._replace(path=href.path, query=href.query)
    if href.path:
        return base._replace(path=f"{base.path.rpartition('/')[0]}/{href.path}", query=href.query)
    return base._replace(query=href.query or base.query)


def _origin(scheme: str, name: str, port: int | None) -> str:
    """Scheme and host in small letters, "" unless both can be asked. Raises ValueError."""
    if scheme not in _PORTS:
        return ""
    name = _encoded(name, "").lower() if "%" in name else name
    name = f"[{name}]" if ":" in name else name
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode()
    if not _HOST.fullmatch(name):
        return ""
    return f"{scheme}://{name}" if port in (None, _PORTS[scheme]) else f"{scheme}://{name}:{port}"


def _encoded(text: str, safe: str) -> str:
    """One spelling of percent-encoding (RFC 3986, 6.2.2.1 and 6.2.2.2). Raises UnicodeEncodeError for a surrogate."""
    return quote(_PERCENT.sub(_sign, text) if "%" in text else text, safe=f"{safe}%")


def _sign(found: re.Match[str]) -> str:
    if not found[1]:
        return "%25"
    byte = int(found[1], 16)
    return chr(byte) if byte in _UNRESERVED else found[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for the path of an address that has a host."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    ending = [""] if segments[-1] in (".", "..") else []
    return "/" + "/".join([*kept, *ending])
