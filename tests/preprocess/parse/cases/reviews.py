"""Reviews whose label, which is in the path, is not asked for."""

from preprocess.parse.reviews import Options

OPTIONS = (Options(kind="reviews", labels=()), Options(kind="reviews", labels=(), encoding="cp1252"))
GOOD = (
    b"A mill, a miller, a flood.<br /><br />I wept.<br />Twice.",
    "<br>A <i>wheel</i>.<HR> It is <sigh> Zoë&#345; &amp; R&D\x96 all.".encode(),
)
PARTS = (b"<br />", b"<br", b"/>", b"<i>", b"</i>", b"&#345;", b"&#0;", b"&#x", b"\n", b"\xc2\x85", b"\xc2\x96", b" ")
GROWING = {
    "records": lambda n: b"The wheel turns for three hours.<br /><br />I stayed awake. " * (n // 60),
    "breaks": lambda n: b"a" + b"<br />" * (n // 6),
    "open breaks": lambda n: b"a" + b"<br" * (n // 3),
    "open tags": lambda n: b"a" + b"<" * n,
    "line ends": lambda n: b"a" + b"\n" * n + b"b",
    "spaces": lambda n: b"a" + b" " * n + b"b",
    "numbers": lambda n: b"a" + b"&#345;" * (n // 6),
    "open numbers": lambda n: b"a&#" + b"9" * n,
    "C1": lambda n: b"a" + b"\xc2\x85" * (n // 2),
    "0xFF": lambda n: b"\xff" * n,
}
