"""One spelling for each address, so that what is asked for is found however it was escaped."""

import re
import string
from urllib.parse import quote

_PARTS = re.compile(r"(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<query>\??[^#]*)(?:#.*)?", re.DOTALL)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_KEPT = "!$%&'()*+,/:;=?@[]~"  # has a meaning in an address, or is an escape already


def key(address: str) -> str:
    """``host/path?query`` of an address without scheme: host in lower case, no user, no usual port, escapes alike."""
    parts = _PARTS.fullmatch(address)
    assert parts  # every string has this form
    host = parts["host"].rpartition("@")[2].lower().removesuffix(":443").removesuffix(":80")
    query = parts["query"] if parts["query"] != "?" else ""
    return f"{host}{spelt(parts['path'] or '/')}{spelt(query)}"


def spelt(text: str) -> str:
    """Escapes in capitals where they are needed and nowhere else (RFC 3986, 6.2.2)."""
    text = _ESCAPE.sub(_escape, _LONE_PERCENT.sub("%25", text))
    return quote(text, safe=_KEPT, errors="surrogateescape")


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
