"""Tunes in ABC notation: good ones, pieces of the notation, and shapes that grow."""

from preprocess.parse.abc import Options

OPTIONS = (Options(kind="abc"), Options(kind="abc", comments=True), Options(kind="abc", encoding="utf-8"))

WHEEL = """X: 1
T:The Miller's Wheel
T:also The Round Stone
% noted at the mill
S:Ada, of the mill
+:on the hill
M:6/8
L:1/8
R:jig
K:G
P:A
|:"G"G2B dBG|"D"A3 F3|"G"G3 z3:|
P:B
[M:3/4]"Em"E2 [K:Em]B2 \\
"D"A2|(3efg e2 !fermata!d2||
w: round and | round it goes
W:Round and round

"""
SLUICE = """X:2
T:Sluice % or Slice
M:C|
K:Am
A4-|A4|]
"""
GOOD = (
    f"{WHEEL}{SLUICE}".encode(),
    f"%abc-2.1\n%%pageheight 29cm\nC:Trad\n\n{WHEEL}Sung on the dam in spring.\n\n{SLUICE}".encode(),
    f"\ufeff{SLUICE}\n{WHEEL}".replace("\n", "\r\n").replace("Miller", "Müller").encode(),
    WHEEL.replace("Miller", "Müller").encode("latin-1"),
)
PARTS = (
    *(
        b"X:",
        b"X:1\n",
        b"\nX:",
        b"\rX:",
        b"K:",
        b"K:G\n",
        b"K:none\n",
        b"T:",
        b"M:6/8\n",
        b"+:",
        b"+:more\n",
        b"w:",
        b"V:1\n",
    ),
    *(
        b"%",
        b"%%",
        b"%abc-2.1\n",
        b"\\%",
        b"\n%",
        b"%%begintext\n",
        b"%%endtext\n",
        b"[K:D]",
        b"|:",
        b":|",
        b"|",
        b'"G"',
    ),
    *(b"\\\n", b"\n\n", b"\n \n", b"\r\n", b"(3abc", b"\x0b", b"\x0c", "\u2028".encode(), "\x85".encode()),
)


def _repeated(unit: str, first: str = "", last: str = ""):
    """Bodies of one unit again and again."""
    written = unit.encode()
    return lambda size: first.encode() + written * (size // len(written)) + last.encode()


_HEAD = "X:1\nK:G\n"
GROWING = {
    "records": _repeated(f"{WHEEL}{SLUICE}\n"),
    "tunes without music": _repeated("X:\n"),
    "tunes of one note": _repeated("X:1\nK:C\nA\n"),
    "tunes with a comment": _repeated("X:1\n%\nK:C\nA\n"),
    "tunes with a remark": _repeated("X:1\nK:C\nA\n\nb\n\n"),
    "one long line": _repeated("abc|", _HEAD),
    "one long title": _repeated("the wheel ", "X:1\nT:", "\nK:G\nA|"),
    "one long number": _repeated("9", "X:", "\nK:G\nA|"),
    "percents": _repeated("%", "X:1\nT:", "\nK:G\nA|"),
    "escaped percents": _repeated("\\%", "X:1\nT:", "\nK:G\nA|"),
    "fields": _repeated("T:a\n", "X:1\n", "K:G\nA|"),
    "fields that go on": _repeated("+:a\n", "X:1\nT:a\n", "K:G\nA|"),
    "keys": _repeated("K:G\n", "X:1\n"),
    "comments": _repeated("%\n", _HEAD, "A|"),
    "comments, short tunes": _repeated("X:1\n" + "%\n" * 900 + "K:G\nA|\n"),
    "empty lines": _repeated("\n", _HEAD, "A|"),
    "empty lines, short tunes": _repeated("X:1\nK:G\n" + "\n" * 900 + "A|\n"),
    "lines of blanks": _repeated(" \n", _HEAD, "A|"),
    "one line of blanks": _repeated(" ", f"{_HEAD}\n", "\nA|"),
    "remarks": _repeated("a\n\n", _HEAD + "A|\n\n"),
    "before the first": _repeated("a mill\n", "", f"\n{_HEAD}A|"),
    "almost a tune": _repeated("X :\n", "", f"\n{_HEAD}A|"),
    "no tune": _repeated("a mill "),
    "CR alone": _repeated(f"{WHEEL}{SLUICE}\n".replace("\n", "\r")),
    "windows-1252": lambda size: (f"{WHEEL}\n".replace("e", "\xe9").encode("latin-1")) * (size // len(WHEEL)),
    "FF": lambda size: f"{_HEAD}A|".encode() + b"\xff" * size,
    "NUL": lambda size: f"{_HEAD}A|".encode() + b"\0" * size,
}
