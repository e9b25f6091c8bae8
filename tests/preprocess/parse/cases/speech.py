from collections.abc import Callable, Mapping

from preprocess.parse.speech import Options

OPTIONS = (Options(kind="speech", shortest=0), Options(kind="speech", author="Ada Miller", encoding="windows-1252"))

_HEAD = (
    "Cite: \nhttps://mill.example/2012/06/01/remarks\n\nJune 01, 2012          \nFor Immediate Release          \n\n"
    "Remarks at the Mill\n\nThe White House\n\nOffice of the Press Secretary\n\n"
)
_PLACE = "\tThe Old Mill\n\tMilltown, Ohio\n\n\n\t9:05 P.M. EDT\n\n"
_WORDS = (
    "THE PRESIDENT:\xa0 Thank you!\xa0 (Applause.)\xa0\xa0 The wheel turns for a hundred years.\n\n"
    "\tQ\xa0\xa0 Will it?\n\n\tMRS. O’HARA:\xa0 (Inaudible.)\n\n"
)

GOOD = (
    f"{_HEAD}{_PLACE}{_WORDS}\tEND\xa0\xa0 9:30 P.M. EDT\n\xa0".encode(),
    f"{_HEAD}{_WORDS}\n###\n".replace("\n", "\r\n").encode(),
    ("My fellow millers, the wheel has turned for a hundred years.\n\n" * 5).encode(),
    f"{_HEAD}{_WORDS}".encode("windows-1252", "replace"),
)
PARTS = (
    *(
        b"\nEND\n",
        b"Q ",
        b"May 99, 2012\n",
        "\xa0".encode(),
        b"\t",
        b"(Applause.)",
        b"THE PRESIDENT: ",
        b"9:05 P.M. EDT\n",
    ),
    *(b"Cite: ", b"For Immediate Release\n", b"The White House\n", b"###", b"\n\n", b"(", b")"),
)


def _repeated(part: str) -> Callable[[int], bytes]:
    body = part.encode()
    return lambda size: body * (size // len(body))


def _after_the_letterhead(part: str) -> Callable[[int], bytes]:
    return lambda size: f"{_HEAD}{part * (size // len(part))}".encode()


GROWING: Mapping[str, Callable[[int], bytes]] = {
    "records": _after_the_letterhead(_WORDS),
    "one line": _repeated("word "),
    "lines": _repeated("x\n"),
    "lines that go on": _repeated("x y\n"),
    "empty lines": lambda size: b"\n" * size + b"x",
    "spaces": lambda size: b" " * size + b"x",
    "NBSP": _repeated("\xa0"),
    "tabs": lambda size: b"\t" * size + b"x",
    "speakers": _repeated("THE PRESIDENT:\n"),
    "capitals": _repeated("A"),
    "capitals and spaces": _after_the_letterhead("A "),
    "times": _repeated("9:05 P.M. "),
    "digits": _after_the_letterhead("1"),
    "letterheads": _repeated("For Immediate Release "),
    "addresses": _repeated("http://a "),
    "directions": _after_the_letterhead("(Applause.) "),
    "open brackets": _after_the_letterhead("("),
    "ends": _repeated("END\n"),
    "hashes": _repeated("#"),
    "FF": lambda size: b"\xff" * size,
}
