"""Personal data -> tokens: e-mail addresses, phone numbers and handles, each as ``<email:3fa9c1>``.

The six digits are a BLAKE2s hash of the match, keyed with the fixed, public key ``corpusmill.scrub.1``: the same
address gives the same token in every document, corpus and shard, so a text still tells who speaks with whom. No one can
read an address out of a token, but whoever suspects one can check it: this is pseudonymisation, not anonymity. (There
are 16 million tokens of a kind, so a few hundred of North America's phone numbers share each.)

The patterns are conservative: what might be a date, a price, an ISBN or a quantity stays, and so does a number of seven
digits that nothing calls a telephone. Names are not looked for.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple

_KEY = b"corpusmill.scrub.1"
_DOMAINS = "com|net|org|edu|gov|mil|COM|NET|ORG|EDU|GOV|MIL"
# What an e-mail address cannot do without; a line that has none of them is not searched.
_AT = ("@", "(at)", "(AT)", "[at]", "[AT]", "{at}", "{AT}", " AT ")
# The look-behinds let a match begin only where a run of its characters begins: a megabyte of letters is read once.
_EMAIL = re.compile(
    rf"""(?<![\w.+-])(?:(?<=://)\w[\w.+-]{{0,63}}:[^\s/@]{{1,64}}|\w(?:[\w.+-]{{0,62}}[\w+])?)(?:
        @(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,24}}(?![\w@])
        | @(?:[A-Za-z0-9-]{{1,63}}\.[ ]?){{1,4}}(?:{_DOMAINS})(?![\w@])  # ada@mill. org
        | [ ]?[(\[{{](?:at|AT)[)\]}}][ ]?[A-Za-z0-9-]{{1,63}}
            (?:(?:\.|[ ]?[(\[{{](?:dot|DOT)[)\]}}][ ]?|[ ](?:dot|DOT)[ ])[A-Za-z0-9-]{{2,63}}){{1,4}}  # ada (at) mill
        | [ ]AT[ ][A-Za-z0-9-]{{1,63}}(?:[ ]DOT[ ][A-Za-z0-9-]{{2,63}}){{1,4}}  # ada AT mill DOT org
    )|(?<=<)\w[\w.+-]{{0,63}}@[A-Za-z0-9-]{{2,63}}  # <ada@mill, cut off or of a network of its own""",
    re.VERBOSE,
)
_HANDLE = re.compile(
    r"""@(?:(?<![\w@#$%^&*¤].)|(?<=\bRT.)|(?<=\b[Vv]ia.))  # none in a curse ("sh#@t"), one in "RT@ada"
        (?=\d*[A-Za-z_])\w{1,20}(?![\w@])""",
    re.VERBOSE,
)
_CALLED = "".join(
    f"|(?<={word}{sign}.)"
    for word in ("phone", "Phone", "PHONE", "tel", "Tel", "TEL", "fax", "Fax", "FAX", "telefon", "Telefon")
    for sign in (" ", ": ", ". ", ":")
)[1:]
# Each begins with one character that is then looked back at: a search for one of a class is quick.
_PHONE = re.compile(
    rf"""[+(\d](?<![\w.+/:-].)(?:
        (?<=\+)\d{{1,3}}(?:[ .-]?\(\d{{1,4}}\))?(?:[ .-]?\d{{2,4}}){{3,5}}  # +44 20 7946 0018
        | (?<=0)0[1-9]\d{{0,2}}(?:[ .-]\d{{2,4}}){{3,5}}  # 0044 20 7946 0018
        | (?<=1)[ .-](?:\(\d{{3}}\)[ -]?|\d{{3}}[ .-])\d{{3}}[.-]\d{{4}}  # 1-800-555-0123, 1 (501) 555-0123
        | (?<=\()\d{{3}}\)[ -]?\d{{3}}[.-]\d{{4}}  # (501) 555-0123
        | (?<=\d)\d\d(?:[.-]|(?<!\d[ ]\d{{3}})[ ])\d{{3}}[.-]\d{{4}}  # 501-555-0123, 501 555-0123
        | (?<!\d[ ]0)(?<=0)[1-9]\d{{1,3}}[ .-]\d{{3,4}}[ .-]\d{{3,4}}  # 0161 496 0000
        | (?<!\d[ ]0)(?<=0)[1-9](?:[ .-]\d\d){{4}}  # 01 99 00 12 34
        | (?:{_CALLED})(?:(?<=\()\d{{1,5}}\))?(?:[ .-]?\d){{5,14}}  # phone 968 1133
    )(?![\w/-]|\.\d)""",
    re.VERBOSE,
)


def _address(match: str) -> str:
    """One spelling of an e-mail address: "Ada (at) mill. org" is ada@mill.org."""
    spelt = re.sub(r" ?[(\[{]at[)\]}] ?| at (?=.* dot )", "@", match.casefold())
    return re.sub(r" ?[(\[{]dot[)\]}] ?| dot ", ".", spelt).replace(" ", "")


def _digits(match: str) -> str:
    return re.sub(r"\D", "", match)


class Kind(NamedTuple):
    """One kind of personal data."""

    signs: tuple[str, ...]  # a line without any of these has none of it; no signs = every line may have some
    pattern: re.Pattern[str]
    same: Callable[[str], str]  # what of a match is hashed


PATTERNS: Mapping[str, Kind] = {  # in this order: an e-mail address is no handle
    "email": Kind(_AT, _EMAIL, _address),
    "phone": Kind((), _PHONE, _digits),
    "handle": Kind(("@",), _HANDLE, str.casefold),
}


def scrub(text: str, kinds: Collection[str]) -> tuple[str, int]:
    """The text with tokens for these kinds of personal data, and how many there were."""
    count = 0
    for name, kind in PATTERNS.items():
        if name in kinds:
            text, found = _hidden(text, kind, partial(_token, name, kind.same))
            count += found
    return text, count


def _hidden(text: str, kind: Kind, token: Callable[[re.Match[str]], str]) -> tuple[str, int]:
    """Only the lines with a sign are searched where there are signs: no pattern goes beyond a line."""
    if not kind.signs:
        return kind.pattern.subn(token, text)
    signs, count, lines = [sign for sign in kind.signs if sign in text], 0, []
    if not signs:
        return text, 0
    for line in text.split("\n"):
        hidden, found = kind.pattern.subn(token, line) if any(sign in line for sign in signs) else (line, 0)
        lines.append(hidden)
        count += found
    return "\n".join(lines), count


def _token(kind: str, same: Callable[[str], str], match: re.Match[str]) -> str:
    return f"<{kind}:{hashlib.blake2s(same(match[0]).encode(), key=_KEY, digest_size=3).hexdigest()}>"
