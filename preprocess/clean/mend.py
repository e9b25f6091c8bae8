"""Characters that a wrong turn on their way here has changed, put right: text -> (text, how many were).

It knows no files, formats or documents; the steps and the parsers that use it put the count into a document's `meta`.
Every function leaves its own result as it is, and does nothing where two readings are possible.
"""

import re
from collections.abc import Callable

Mended = tuple[str, int]

_C1 = re.compile("[\x80-\x9f]")
# What a text cannot show: C0 but for tab and line ends, DEL, the byte-order mark inside a text, and what Unicode says
# is no character.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_ASCII_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r"})
_WINDOWS_1252 = {
    point: read for point in range(0x80, 0xA0) if (read := bytes([point]).decode("windows-1252", "ignore"))
}
_COMMA_BELOW = str.maketrans("ŞşŢţ", "ȘșȚț")
_LATIN = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХаеѕіјкморстухΑΒΕΖΗΙΚΜΝΟΡΤΥΧονἰ",
        "ABESIJKMHOPCTYXaesijkmopctyxABEZHIKMNOPTYXovî",
        strict=True,
    )
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u1f00-\u1fff]")  # Greek, Cyrillic, Greek with accents
_WORD = re.compile(r"\w+")
_SPACE = re.compile(
    r"[^\S\n\v\f\r\x1c-\x1f\x85\u2028\u2029 ]"
)  # all but the plain one and what may end a line or a page
# Bytes of CP437 (MS-DOS) that were read as Latin-1, where the place shows that Latin-1 cannot have been meant.
_CP437: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=[A-Za-z])\x92(?=[A-Za-z])"), "’"),  # a text from Windows among those of DOS
    (_C1, lambda match: match[0].encode("latin-1").decode("cp437")),
    (re.compile(r"(?<=\d)( ?)[ø¡](?=[CFcf]\b|[^a-zß-ÿ]|\Z)"), r"\1°"),  # "350øF"; "¡" is what Macintosh had there
    (re.compile(r"(?<=\d)á"), "ß"),  # version 1.80ß
    (re.compile("¬"), "¼"),
    (re.compile("(?<=[a-zA-Z])¤(?=[a-zA-Z])"), "ñ"),
    (re.compile("(?<=[A-Z])¥(?=[A-Z])"), "Ñ"),
    (re.compile("ÄÄ+"), lambda match: "─" * len(match[0])),
    (re.compile("[°±²³]{3,}"), lambda match: match[0].encode("latin-1").decode("cp437")),
    (re.compile("þ"), "■"),
    (re.compile("ÿ+"), lambda match: " " * len(match[0])),
)


def c1(text: str) -> Mended:
    """U+0080 to U+009F, bytes of windows-1252 that were read as Latin-1; the five that it lacks stay."""
    if text.isascii() or not _C1.search(text):
        return text, 0
    return text.translate(_WINDOWS_1252), sum(text.count(chr(point)) for point in _WINDOWS_1252)


def cp437(text: str) -> Mended:
    """Bytes of CP437 that were read as Latin-1: "350øF" is 350°F, "1« cups" 1½ cups, U+0082 is é."""
    count = text.count("«") if "»" not in text else 0  # with its fellow it is a quotation mark
    text = text.replace("«", "½") if count else text
    for pattern, to in _CP437:
        text, found = _each(pattern, to, text)
        count += found
    return text, count


def controls(text: str) -> Mended:
    """Control characters, which are removed; tabs and all that may end a line or a page stay."""
    if text.isascii():
        kept = text.encode().translate(None, _ASCII_CONTROLS)
        return (kept.decode(), len(text) - len(kept)) if len(kept) < len(text) else (text, 0)
    return _CONTROLS.subn("", text)


def comma_below(text: str) -> Mended:
    """Romanian ș and ț, which old code pages had with a cedilla only."""
    count = 0 if text.isascii() else sum(map(text.count, "ŞşŢţ"))
    return (text.translate(_COMMA_BELOW) if count else text), count


def homoglyphs(text: str) -> Mended:
    """Cyrillic and Greek letters that look like Latin ones, in a text that is Latin.

    All of them where every foreign letter looks like a Latin one; else only those in a word that has Latin letters too,
    so that a line of Russian in an English text stays.
    """
    foreign = set() if text.isascii() else set(_FOREIGN.findall(text))
    if not foreign or not re.search("[A-Za-z]", text):
        return text, 0
    if foreign <= _LATIN.keys():
        return _each(_FOREIGN, lambda match: _LATIN[match[0]], text)
    count = 0

    def word(match: re.Match[str]) -> str:
        nonlocal count
        letters = _FOREIGN.findall(match[0])
        if not letters or not set(letters) <= _LATIN.keys() or not re.search("[A-Za-z]", match[0]):
            return match[0]
        count += len(letters)
        return "".join(_LATIN.get(letter, letter) for letter in match[0])

    return _WORD.sub(word, text), count


def spaces(text: str) -> Mended:
    """No-break, thin and other spaces become a plain one; runs of them one, none at a line's end, one empty line."""
    plain, count = (text, 0) if text.isascii() and "\t" not in text else _SPACE.subn(" ", text)
    plain = re.sub("  +", " ", plain) if "  " in plain else plain
    plain = plain.replace(" \n", "\n").removesuffix(" ")  # one at most is left of a run
    return (re.sub(r"\n{3,}", "\n\n", plain) if "\n\n\n" in plain else plain), count


def _each(pattern: re.Pattern[str], to: str | Callable[[re.Match[str]], str], text: str) -> Mended:
    """Every match replaced; counted in characters, and only where the replacement differs."""
    count = 0

    def mended(match: re.Match[str]) -> str:
        nonlocal count
        new = match.expand(to) if isinstance(to, str) else to(match)
        new = match[0] if "\N{REPLACEMENT CHARACTER}" in new else new
        count += len(match[0].strip(" ")) if new != match[0] else 0
        return new

    return pattern.sub(mended, text), count
