"""Sentence pairs, with and without attribution."""

from preprocess.parse.pairs import Options

OPTIONS = (Options(kind="pairs"), Options(kind="pairs", spaces="keep"))
GOOD = (
    "Turn.\tTourne\u202f!\r\nTurn.\tTournez\xa0!\n\nOpen.\tOuvert.\n".encode(),
    b"Open.\tOuvert.\tCC-BY 2.0 (France) Attribution: mill.example #1 (ada) & #2 (bert)\n",
    b"Go.\tVa.\nno pair\n\tempty\nfour\tof\tthem\there\n",
)
PARTS = (b"\t", b"\t\t", b"\n", b"\r\n", b" ", b"  ", b"\xc2\xa0", b"\xe2\x80\xaf", b"Go.", b"\xe2\x80\xa8")
GROWING = {
    "records": lambda n: "The mill is open, said Ada.\tLe moulin est ouvert\u202f!\n".encode() * (n // 52),
    "one line": lambda n: b"a" * n,
    "one pair": lambda n: b"a\t" + b"b" * n,
    "tabs": lambda n: b"a\tb\n" + b"\t" * n,
    "line ends": lambda n: b"a\tb" + b"\n" * n,
    "no pairs": lambda n: b"a mill\n" * (n // 7),
    "no pairs after one": lambda n: b"a\tb\n" + b"a mill that turns\n" * (n // 18),
    "spaces": lambda n: b"a\tb" + b" " * n + b"c",
    "no-break spaces": lambda n: b"a\tb" + b"\xc2\xa0" * (n // 2) + b"c",
    "0xFF": lambda n: b"\xff" * n,
}
