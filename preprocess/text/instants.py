"""Moments as services write them -> a time in UTC: Twitter's own form, ISO 8601, ``MM-DD-YYYY hh:mm:ss``, e-mail's.

A time that names no zone is taken as UTC, whatever this machine's is. It knows no clock and no locale.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 64  # characters; what is longer is no date, and some readers take quadratic time to say so
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWITTER = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d:\d\d:\d\d) (?:([+-]\d{4}) )?(\d{4})", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d\d)-(\d\d)-(\d{4})[ T](\d\d:\d\d:\d\d)", re.ASCII)


def utc(text: str) -> datetime | None:
    """``Thu Dec 31 23:21:49 +0000 2015`` as a time in UTC; None for what is none."""
    if len(text) > _LONGEST:
        return None
    if (match := _TWITTER.fullmatch(text)) and match[1] in _MONTHS:
        text = f"{match[5]}-{_MONTHS.index(match[1]) + 1:02d}-{match[2]}T{match[3]}{match[4] or ''}"
    elif match := _MONTH_FIRST.fullmatch(text):
        text = f"{match[3]}-{match[1]}-{match[2]}T{match[4]}"
    for read in (_iso, parsedate_to_datetime):
        with suppress(ValueError, OverflowError, TypeError, IndexError):  # what the reader of e-mail raises for no date
            date = read(text)
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
