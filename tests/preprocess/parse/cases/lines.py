"""Plain text by paragraphs and by lines."""

from preprocess.parse.lines import Options

OPTIONS = (
    Options(kind="lines"),
    Options(kind="lines", unit="line", comment="#"),
    Options(kind="lines", comment="#", encoding="cp437"),
)
GOOD = (
    b"# from a parish book\nAda\n\nBert\r\n# the end\nCy\n \n",
    "MILLER:\nIt turns.\n\nADA:\nDoes it? Zoë says it does.\n".encode(),
    b"\xef\xbb\xbfAda\rBert\rCy\r",
    b"25\xf8 in the mill\n\n\n\nfine",
)
PARTS = (b"#", b"# ", b"\n", b"\n\n", b"\r\n", b"\r", b" ", b"\xe2\x80\xa8", b"\x0b", b"Ada", b"\xfc")
GROWING = {
    "records": lambda n: b"MILLER:\nIt turns, it turns, and all day long it turns.\n\n" * (n // 55),
    "one line": lambda n: b"a" * n,
    "short paragraphs": lambda n: b"a mill, it turns\n\n" * (n // 18),
    "line ends": lambda n: b"a" + b"\n" * n,
    "carriage returns": lambda n: b"a" + b"\r" * n,
    "comments": lambda n: b"a\n" + b"# nothing is here\n" * (n // 18),
    "spaces": lambda n: b"a" + b" " * n,
    "0xFF": lambda n: b"\xff" * n,
}
