from collections.abc import Callable, Mapping

from preprocess.parse.book import Options

OPTIONS = (Options(kind="book"), Options(kind="book", group="book", title="Mills", encoding="windows-1252"))

_PROSE = "The wheel turns, and the stone grinds what it is given, and the miller\nsleeps beside it all day long.\n" * 4
_HEAD = "The Project Gutenberg EBook of The Mill\n\nTitle: The Mill\n\nAuthor: Ada Miller\n\n"
_NEW = "*** START OF THIS PROJECT GUTENBERG EBOOK THE MILL ***\n\nProduced by Bert\n\n"
_OLD = "***START**THE SMALL PRINT!****START***\n\n*END*THE SMALL PRINT! FOR ETEXTS*Ver.04.29.93*END*\n\n"


def _chapters(*names: str) -> str:
    return "\n\n".join(f"{name}\n\n{_PROSE}" for name in names)


GOOD = (
    f"{_HEAD}{_NEW}{_chapters('CHAPTER I', 'CHAPTER II', 'CHAPTER III')}\n*** END OF THE PROJECT GUTENBERG\n".encode(),
    f"{_HEAD}{_OLD}{_chapters('I', 'PART ONE', 'II', 'III')}\n\nEnd of Project Gutenberg's The Mill\n".replace(
        "\n", "\r\n"
    ).encode(),
    f"\ufeff[Illustration: a mill]\n\n{_chapters('Erstes Kapitel', 'Zweites Kapitel', 'Drittes Kapitel')}".encode(),
    f"{_PROSE}\n\n{_PROSE}\n\nTranscriber's Note: spelling is as it was.\n".replace("\n", "\r").encode(),
)
PARTS = (
    *(
        b"\n\nIV\n\n",
        b"***",
        b"CHAPTER V\n\n",
        b"*** START OF THE PROJECT GUTENBERG EBOOK",
        b"\nEnd of Project Gutenberg's\n",
    ),
    *(
        b"*END*THE SMALL PRINT!",
        b"[Illustration: ",
        b"]",
        b"Produced by ",
        b"BOOK ONE: 1805\n\n",
        b"Title: ",
        b"\n\n",
        b"\x92",
    ),
)


def _book(size: int) -> bytes:
    chapter = f"\n\n\nCHAPTER {{}}\n\n{_PROSE * 10}"
    return (_HEAD + _NEW + "".join(chapter.format(n) for n in range(1, size // len(chapter) + 4))).encode()


def _repeated(part: bytes) -> Callable[[int], bytes]:
    return lambda size: part * (size // len(part))


GROWING: Mapping[str, Callable[[int], bytes]] = {
    "records": _book,
    "no chapters": _repeated(_PROSE.encode() + b"\n"),
    "one line": _repeated(b"word "),
    "empty lines": lambda size: b"\n" * size + b"x",
    "blank lines": lambda size: b" \n" * (size // 2) + b"x",
    "spaces": lambda size: b" " * size + b"x",
    "short lines": _repeated(b"x\n"),
    "short paragraphs": _repeated(b"x\n\n"),
    "headings": _repeated(b"I\n\n"),
    "short chapters": _repeated(b"I\n\nx\n\n"),
    "named chapters": _repeated(b"CHAPTER I\n\nx\n\n"),
    "starts": _repeated(b"*** START OF THE PROJECT GUTENBERG EBOOK\n"),
    "a start without end": lambda size: b"*** START OF THE PROJECT GUTENBERG EBOOK" + b" x" * (size // 2),
    "ends": _repeated(b"End of Project Gutenberg's\n"),
    "small print": _repeated(b"*END*THE SMALL PRINT"),
    "credits": _repeated(b"Produced by\n\n"),
    "a long credit": lambda size: b"Produced by " + b"x " * (size // 2),
    "pictures": _repeated(b"[Illustration: x\n"),
    "stars": _repeated(b"*"),
    "fields": _repeated(b"Title: x\n"),
    "digits": lambda size: b"CHAPTER " + b"1" * size,
    "roman": _repeated(b"X"),
    "FF": _repeated(b"\xc3\xa9\xff"),
}
