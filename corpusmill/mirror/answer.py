"""What HTTP says of one answer: whole, a part, unchanged or none (RFC 9110, 8.8, 13 and 14). Touches nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import BinaryIO

ASKED = ("If-None-Match", "If-Modified-Since", "If-Range", "Range")  # the headers of a request that decide
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an address stands for. `open` gives the whole body; nothing is read before it is called."""

    size: int
    open: Callable[[], BinaryIO]
    status: int = HTTPStatus.OK
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""  # as HTTP writes dates
    location: str = ""  # where a redirect leads


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, its headers, and which bytes of the body are sent."""

    status: int
    headers: dict[str, str]
    part: range


def decide(found: Found, asked: Mapping[str, str]) -> Answer:
    """The answer to a GET or HEAD that came with the headers `asked` (those of ASKED; repeated ones joined by commas).

    A tombstone or a redirect has no conditions; several ranges at once are answered whole, as the standard allows.
    """
    headers = _described(found)
    whole = range(found.size)
    if found.status != HTTPStatus.OK:
        return Answer(found.status, _sized(headers, whole), whole)
    if _unchanged(found, asked):
        return Answer(HTTPStatus.NOT_MODIFIED, headers, range(0))
    headers["Accept-Ranges"] = "bytes"
    part = _part(asked.get("Range", ""), found.size) if _may_be_part(found, asked.get("If-Range", "")) else None
    if part is None:
        return Answer(HTTPStatus.OK, _sized(headers, whole), whole)
    if not part:
        headers["Content-Range"] = f"bytes */{found.size}"
        return Answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, _sized(headers, part), part)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{found.size}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, _sized(headers, part), part)


def is_tag(text: str) -> bool:
    """Whether a recorded ETag has the form of one."""
    return bool(_TAG.fullmatch(text))


def is_value(text: str) -> bool:
    """Whether a recorded header may be sent again: not empty, nothing in it that would end a line."""
    return bool(text) and text.isprintable() and text.isascii()


def _described(found: Found) -> dict[str, str]:
    """Headers that say what it is, those that are known."""
    named = {
        "Content-Type": found.media_type,
        "ETag": found.etag,
        "Last-Modified": found.last_modified,
        "Location": found.location,
    }
    return {name: value for name, value in named.items() if value}


def _sized(headers: dict[str, str], part: range) -> dict[str, str]:
    return {**headers, "Content-Length": str(len(part))}


def _unchanged(found: Found, asked: Mapping[str, str]) -> bool:
    """Whether the asker has it already: by its tags if it sent any, else by the date."""
    if tags := asked.get("If-None-Match", ""):
        had = [tag.removeprefix("W/") for tag in _TAG.findall(tags)]
        return tags.strip() == "*" or (bool(found.etag) and found.etag.removeprefix("W/") in had)
    if not (since := _moment(asked.get("If-Modified-Since", ""))):
        return False
    changed = _moment(found.last_modified)
    return changed is not None and changed <= since


def _may_be_part(found: Found, condition: str) -> bool:
    """Whether `If-Range` lets a part be sent: it names this very body, by a strong tag or the exact date."""
    if not condition:
        return True
    if _TAG.fullmatch(condition.strip()):
        return condition.strip() == found.etag and not found.etag.startswith("W/")
    date = _moment(condition)
    return date is not None and date == _moment(found.last_modified)


def _part(text: str, size: int) -> range | None:
    """The bytes one range names, empty if there are none of them; None for no range, several, or nonsense."""
    match = _RANGE.fullmatch(text)
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
