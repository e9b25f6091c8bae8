"""Scripts by scenes and by lines."""

from preprocess.parse.script import Options

OPTIONS = (Options(kind="script"), Options(kind="script", unit="line"), Options(kind="script", longest=2, scene="("))
GOOD = (
    "[setting: the mill]\n\nada: it turns. \r\nbert (aloud): what?\n\n(the wheel stops)\nada\x92s brain: oh\n".encode(),
    b"[setting: the river: nan\nbert: 9:30, and it is dry.\nada: nan\n",
)
PARTS = (b"\n[", b": nan\n", b":", b"(", b")", b"[", b"]", b"\n", b"\r\n", "\x92".encode(), b"\xc2\x85", b"ada: ")
GROWING = {
    "records": lambda n: b"[setting: the mill]\n\nada: it turns.\nbert (shouting): what?\n" * (n // 58),
    "one line": lambda n: b"a" * n,
    "one scene": lambda n: b"ada: it turns and turns.\n" * (n // 25),
    "scenes": lambda n: b"[setting: the mill\n" * (n // 19),
    "parentheses": lambda n: b"a" + b"(" * n,
    "open parentheses": lambda n: b"a (b" * (n // 4),
    "colons": lambda n: b":" * n,
    "lost words": lambda n: b"a: " + b": nan" * (n // 5),
    "spaces after a colon": lambda n: b"a:" + b" " * n + b"nan",
    "many spaces": lambda n: b"a" + b": " * (n // 2),
    "line ends": lambda n: b"a" + b"\n" * n,
    "C1": lambda n: b"a" + b"\xc2\x85" * (n // 2),
    "0xFF": lambda n: b"\xff" * n,
}
