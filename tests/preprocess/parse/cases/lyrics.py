"""Songs in a JSON list."""

import json

from preprocess.parse.lyrics import Options

_FIELDS = {"artist": "author", "key": "href", "heading": "Versuri {artist} - {title}", "sender": "trimise de"}
OPTIONS = (Options(kind="lyrics", **_FIELDS), Options(kind="lyrics", artist="author"))


def _song(place, lyrics="Roata mea, roata ta,\nşi apa se-nvârte.\n\nRefren: (x2)"):
    lyrics = f"Versuri Ana &amp; Pop - Moaratrimise de Ada M. Pop.{lyrics}"
    return {"title": "Moara", "author": "Ana &amp; Pop", "href": f"https://mill.example/{place}", "lyrics": lyrics}


GOOD = (
    json.dumps([_song(1), _song(2), _song(1)]).encode(),
    json.dumps([{"title": 3, "author": "Ana", "href": 4, "lyrics": "Roata &icirc;n ap&#259;"}, {}, "no song"]).encode(),
    json.dumps([_song(1, "\n\n\n\nPiatra\nVersuri trimise de Dan")], ensure_ascii=False).encode(),
)
PARTS = (
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b'"',
    b"\\n",
    b"\\ud83c",
    b"null",
    b"&#0;",
    b"&amp;",
    b"trimise de ",
    b".",
    b"true",
)


def _repeated(unit):
    return lambda n: json.dumps([_song(1, unit * (n // len(unit)))]).encode()


GROWING = {
    "records": lambda n: b"[" + b",".join(json.dumps(_song(i)).encode() for i in range(n // 210)) + b"]",
    "one song": _repeated("a"),
    "empty lines": _repeated("\n"),
    "spaces": _repeated(" "),
    "senders": _repeated("trimise de "),
    "senders in lines": _repeated("trimise de Ada\n"),
    "long name": _repeated("A. B"),
    "ampersands": _repeated("&"),
    "entities": _repeated("&icirc;"),
    "long title": lambda n: json.dumps([_song(1) | {"title": "{artist}" * (n // 8)}]).encode(),
    "no songs": lambda n: b"[" + b"{}," * (n // 3) + b"{}]",
    "numbers": lambda n: b"[" + b"1," * (n // 2) + b"1]",
    "nested": lambda n: b"[" * n,
    "digits": lambda n: b"[" + b"9" * n + b"]",
    "open string": lambda n: b'[{"lyrics": "' + b"a" * n,
    "0xFF": lambda n: b"\xff" * n,
}
