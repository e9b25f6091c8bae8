"""UTF-8 that was read as an 8-bit encoding, read again: "cafÃ©" is café, "itâ€™s" it’s, "Ð¼Ð¸Ñ€" мир.

ftfy (https://ftfy.readthedocs.io) does the repair, at 2 MB/s; a text that has nothing to repair must not pay for that.
So a line is given to it only where `marked` finds what the first two bytes of a UTF-8 sequence become in one of its
encodings. Looking for a character is a search for bytes, so `marked` reads at memory speed; most clean texts hold none
of the leading ones. That such a pair is an accident ("ÎÎ…" in a shout, "СССР»" in Russian) ftfy's own rules decide.

A repair makes a line shorter and brings no character that stands for a lost one; any other is refused. Single bytes
(U+0080 to U+009F) are not looked at: they are the step ``c1``'s.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial

from preprocess.clean.mend import Mended

_LONG = 10_000  # ftfy reads a line several times over; a longer one is given to it in pieces, cut at spaces
_LINES = re.compile(rf"[^\n]{{1,{_LONG}}}(?:[^\n ]{{1,100}})?|\n+")
_C1 = "".join(map(chr, range(0x80, 0xA0)))  # how ISO 8859 and web browsers show what an encoding lacks
# The first byte of a sequence as each encoding shows it: C2 to DF of two bytes, E0 to F4 of more. Of the many only
# those that the texts of a language cannot do without, and of these only characters that a search passes over quickly:
# none whose code ends as that of a frequent letter or a space does (U+0420 like U+0020, so D1 stands for Russian).
_LEADS: Mapping[str, bytes] = {
    "windows-1252": b"\xc2\xc3\xc4\xc5\xc8\xce\xd0\xd7\xd8\xd9\xe0\xe2\xe3\xe4\xe5\xe6\xe7\xec\xf0",
    "windows-1250": b"\xc3\xc4\xc5\xc8\xce\xd0\xe2\xf0",
    "iso-8859-2": b"\xc3\xc4\xc5\xc8\xce\xd0\xe2\xf0",
    "windows-1251": b"\xc2\xc3\xce\xd1\xe2\xf0",
    "windows-1253": b"\xc2\xc3\xc4\xc5\xce\xd0\xe2",
    "windows-1254": b"\xc3\xc4\xc5\xd0\xe2\xf0",
    "windows-1257": b"\xc3\xc4\xc5\xe2",
    "macroman": b"\xc2\xc3\xc4\xc5\xe2",
    "cp437": b"\xc2\xc3\xc5\xe2",
}
_MANY = 0xE0  # the first byte of sequences that are longer than two


def mojibake(text: str) -> Mended:
    """The text with its mojibake read again, and how many characters are new in it."""
    if not marked(text):
        return text, 0
    count, lines = 0, []
    for line in _LINES.findall(text):
        mended, found = _line(line) if marked(line) else (line, 0)
        lines.append(mended)
        count += found
    return "".join(lines), count


def marked(text: str) -> bool:
    """Whether a text holds what UTF-8 becomes when it is read as something else; true of some that is right too."""
    if text.isascii():
        return False
    return any(lead in text and pair.search(text) for lead, pair in _pairs().items())


def _line(line: str) -> Mended:
    fixed = _ftfy()(line)
    if len(fixed) >= len(line) or any(fixed.count(sign) > line.count(sign) for sign in "\0\ufffd"):
        return line, 0
    return fixed, (Counter(fixed) - Counter(line)).total()


@cache
def _ftfy() -> Callable[[str], str]:
    """The repair of encodings alone: nothing else of what ftfy can do, and no U+FFFD for what is lost."""
    import ftfy

    options = ftfy.TextFixerConfig(explain=False, replace_lossy_sequences=False, fix_c1_controls=False)
    return partial(ftfy.fix_encoding, config=options)


@cache
def _pairs() -> dict[str, re.Pattern[str]]:
    """A leading character -> the pattern of a sequence that begins with it."""
    sequences: dict[str, set[str]] = {}
    for encoding, leads in _LEADS.items():
        following = f"[{_C1}{re.escape(_shown(encoding, range(0x80, 0xC0)))}]"
        for byte in leads:
            sequences.setdefault(_shown(encoding, [byte]), set()).add(following * (2 if byte >= _MANY else 1))
    return {lead: re.compile(f"{lead}(?:{'|'.join(sorted(found))})") for lead, found in sequences.items()}


def _shown(encoding: str, values: Iterable[int]) -> str:
    return bytes(values).decode(encoding, "ignore")
