"""Books of chapters and verses."""

import json

from preprocess.parse.verses import Options

OPTIONS = (
    Options(kind="verses"),
    Options(kind="verses", unit="verse"),
    Options(kind="verses", unit="verse", numbers=True),
)


def _book(chapters, verses, text="And the wheel turned, and it was day."):
    listed = [{"verse": str(v + 1), "text": text} for v in range(verses)]
    return {"book": "Mills", "chapters": [{"chapter": str(c + 1), "verses": listed} for c in range(chapters)]}


GOOD = (
    json.dumps(_book(3, 2)).encode(),
    json.dumps(_book(1, 4), indent=1).encode(),
    b'{"book": "2 Mills", "chapters": [{"chapter": 1, "verses": [{"verse": 1, "text": "\\u2019T was night."}]}]}',
)
PARTS = (b"{", b"}", b"[", b"]", b",", b'"', b'"1"', b'"2"', b"1e9", b"0", b"-1", b'"verse"', b'" "', b'""', b"\\ud83c")
GROWING = {
    "records": lambda n: json.dumps(_book(n // 6_500 + 1, 100)).encode(),
    "one verse": lambda n: json.dumps(_book(1, 1, "a" * n)).encode(),
    "gaps": lambda n: json.dumps(_book(n // 4_000 + 1, 100)).replace('"verse": "2"', '"verse": "3"').encode(),
    "no chapters": lambda n: (
        b'{"book": "Mills", "chapters": [' + b'{"chapter": 1, "verses": []},' * (n // 29) + b"{}]}"
    ),
    "long name": lambda n: b'{"book": "' + b"a" * n + b'", "chapters": []}',
    "digits": lambda n: b'{"book": "Mills", "chapters": [{"chapter": ' + b"9" * n + b"}]}",
    "digits in a string": lambda n: b'{"book": "Mills", "chapters": [{"chapter": "' + b"9" * n + b'", "verses": []}]}',
    "nested": lambda n: b'{"a":' * (n // 5),
    "empty objects": lambda n: b"[" + b"{}," * (n // 3) + b"{}]",
    "spaces": lambda n: b'{"book": ' + b" " * n + b'"Mills"}',
    "0xFF": lambda n: b"\xff" * n,
}
