"""Numbers, sizes and dates in the words of a page. Pure; knows nothing of what they count."""

import math
from collections.abc import Iterable
from datetime import datetime

SPACE = "\N{NO-BREAK SPACE}"  # keeps a number and its unit on one line
_NAMES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_MONTHS = (  # strftime would follow the machine's locale
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def count(number: float, thing: str = "", things: str = "") -> str:
    """``31,102``, or with what is counted ``1 document``, ``31,102 documents``."""
    words = f"{number:,.0f}"
    return f"{words} {thing if words == '1' else things or thing + 's'}" if thing else words


def about(number: float) -> str:
    """Three digits and a word: ``37.6 million``; exact below a million."""
    return _scaled(number, _NAMES) or f"{number:,.0f}"


def perplexity(nats: float) -> str:
    """``4.37``, of a loss in nats: over how many characters, each as likely as the other, it is in doubt."""
    if nats < 13:  # noqa: PLR2004 - e^13 has six digits before the point
        return f"{math.exp(nats):.2f}"
    return f"e^{nats:,.0f}"


def size(octets: float) -> str:
    """Bytes in decimal units: ``9.4 MB``."""
    return _scaled(octets, _SIZES) or count(octets, "byte")


def duration(seconds: float) -> str:
    """``48 seconds``, ``2 minutes``, ``1 hour 5 minutes``."""
    if seconds < 90:  # noqa: PLR2004 - "80 seconds" is plainer than "1 minute 20 seconds"
        return count(seconds, "second")
    minutes, hours = round(seconds / 60), round(seconds / 60) // 60
    if not hours:
        return count(minutes, "minute")
    rest = minutes % 60
    return count(hours, "hour") + (f" {count(rest, 'minute')}" if rest else "")


def day(moment: str) -> str:
    """An ISO 8601 moment -> ``20 November 2026``; what is no such moment stays as it is."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{parsed.day} {_MONTHS[parsed.month - 1]} {parsed.year}"


def percent(part: float, whole: float) -> str:
    """``12 %``, ``0.3 %``, ``under 0.1 %``; ``0 %`` of nothing."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:  # noqa: PLR2004 - below what one digit shows
        return f"under 0.1{SPACE}%"
    return f"{share:.0f}{SPACE}%" if share >= 10 or share == 0 else f"{share:.1f}{SPACE}%"  # noqa: PLR2004 - two digits in all


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _scaled(number: float, units: Iterable[tuple[float, str]]) -> str:
    """In the largest unit that is not more than the number, or empty where there is none."""
    unit, name = next((unit for unit in units if number >= unit[0]), (0, ""))
    if not unit:
        return ""
    digits = 1 if number < 100 * unit else 0  # 99.9 MB, 100 MB
    return f"{number / unit:.{digits}f}{SPACE}{name}"
