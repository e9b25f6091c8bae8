"""Days as people write them -> ISO 8601: ``June 1, 2012``, ``1 June 2012``, ``June 2012``, ``2012-06-01T…``.

English only, and never a form that two countries read differently (1/6/2012). It knows no clock and no time zone.
"""

import re
from contextlib import suppress
from datetime import date

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH = rf"({'|'.join(f'{month[:3]}(?:{month[3:]})?' if month[3:] else month for month in _MONTHS.split('|'))})\.?"
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d\d)(?:-(\d\d))?(?!\d)")
_MONTH_FIRST = re.compile(rf"\b{_MONTH} (?:(\d\d?)(?:st|nd|rd|th)?,? )?(\d{{4}})(?!\d)", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)(?:st|nd|rd|th)? {_MONTH},? (\d{{4}})(?!\d)", re.IGNORECASE)


def iso(text: str) -> str:
    """The first day (or month of a year) in a text as ``2012-06-01`` (``2012-06``); nothing if there is none."""
    if match := _ISO.search(text):
        return _date(*match.groups())
    if match := _DAY_FIRST.search(text):
        return _date(match[3], _number(match[2]), match[1])
    if match := _MONTH_FIRST.search(text):
        return _date(match[3], _number(match[1]), match[2])
    return ""


def _number(month: str) -> str:
    return str([name[:3] for name in _MONTHS.split("|")].index(month[:3].lower()) + 1)


def _date(year: str, month: str, day: str | None) -> str:
    with suppress(ValueError):
        found = date(int(year), int(month), int(day or 1)).isoformat()
        return found if day else found[:7]
    return ""
