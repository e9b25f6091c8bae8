from collections.abc import Callable, Mapping

from preprocess.parse.text import Options

OPTIONS = (
    Options(kind="text"),
    Options(kind="text", encoding="windows-1252"),
    Options(kind="text", encoding="utf-16-le"),
)

GOOD = (
    b"The wheel turns, and the stone grinds.\n\nSo do we.\n" * 3,
    "\ufeffDie Mühle steht,\r\nder Müller schläft.\r\n\r\n粉挽き小屋。\r\n".encode(),
    "La meule tourne, le meunier rêve\rdu pain.\r".encode("windows-1252"),
    "Мельница\n\nстоит.".encode("utf-16"),
    b"one line that goes on " * 60,
)
PARTS = (
    b"\r\n",
    b"\n\n",
    b"\t",
    b"word " * 30,
    b"\xc3",
    b"\xa0",
    b"\x81",
    b"\xff\xfe\0\0",
    "é".encode(),
    "\u2028".encode(),
)


def _repeated(part: bytes) -> Callable[[int], bytes]:
    return lambda size: part * (size // len(part))


GROWING: Mapping[str, Callable[[int], bytes]] = {
    "records": _repeated(b"The wheel turns, and the stone grinds what it is given.\nThe miller sleeps.\n\n"),
    "one line": _repeated(b"word "),
    "one word": _repeated(b"x"),
    "lines": _repeated(b"x\n"),
    "paragraphs": _repeated(b"x\n\n"),
    "no text": _repeated(b"\n"),
    "spaces": lambda size: b" " * (size - 1) + b"x",
    "blank lines": lambda size: b" \n" * (size // 2) + b"x",
    "line ends of all kinds": _repeated(b"x\r\n\r\n\r"),
    "windows-1252": _repeated(b"\xe9"),
    "FF": _repeated(b"\xff"),
    "controls": _repeated(b"\x01"),
    "another plane": _repeated("🌾 ".encode()),
    "long lines": _repeated(b"word " * 4_000 + b"\n"),
}
