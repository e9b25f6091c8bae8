"""Personal data -> tokens: e-mail addresses, phone numbers and handles, each as ``<email:3fa9c1>``.

The six digits are a BLAKE2s hash of the match, keyed with the fixed, public key ``corpusmill.scrub.1``: the same
address gives the same token in every document, corpus and shard, so a text still tells who speaks with whom. No one can
read an address out of a token, but whoever suspects one can check it: this is pseudonymisation, not anonymity. (There
are 16 million tokens of a kind, so a few hundred of North America's phone numbers share each.)

The patterns are conservative: what might be a date, a price, an ISBN or a quantity stays. Names are not looked for.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial

_KEY = b"corpusmill.scrub.1"
# The look-behinds let a match begin only where a run of its characters begins: a megabyte of letters is read once.
_EMAIL = re.compile(r"(?<![\w.+-])[\w+-][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])")
_HANDLE = re.compile(r"(?<![\w@])@(?=\d*[A-Za-z_])\w{1,20}(?![\w@])")
_PHONE = re.compile(
    r"""(?<![\w.+/:-])(?:
        \+\d{1,3}(?:[ .-]?\(\d{1,4}\))?(?:[ .-]?\d{2,4}){3,5}  # +44 20 7946 0018
        | (?:1[ .-])?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}  # (501) 555-0123, 501-555-0123
    )(?![\w/-]|\.\d)""",
    re.VERBOSE,
)


def _digits(match: str) -> str:
    return re.sub(r"\D", "", match)


PATTERNS: Mapping[str, tuple[re.Pattern[str], Callable[[str], str]]] = {  # pattern; what of a match is hashed
    "email": (_EMAIL, str.casefold),
    "phone": (_PHONE, _digits),
    "handle": (_HANDLE, str.casefold),
}


def scrub(text: str, kinds: Collection[str]) -> tuple[str, int]:
    """The text with tokens for these kinds of personal data, and how many there were."""
    count = 0
    for kind, (pattern, same) in PATTERNS.items():  # in this order: an e-mail address is no handle
        if kind in kinds:
            text, found = pattern.subn(partial(_token, kind, same), text)
            count += found
    return text, count


def _token(kind: str, same: Callable[[str], str], match: re.Match[str]) -> str:
    return f"<{kind}:{hashlib.blake2s(same(match[0]).encode(), key=_KEY, digest_size=3).hexdigest()}>"
