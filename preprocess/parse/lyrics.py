"""Songs in a JSON list of objects, one song each; which fields hold what is declared.

    heading = "Versuri {artist} - {title}"  # glued to the first line by whoever saved the pages
    sender = "trimise de"                   # and after it who sent the words in, up to a full stop

Both are removed: the one repeats two fields, the other names a private person. So is every other line that names a
sender. Entities of HTML are resolved. An entry without words, or that is no song, is a drop, and so is a song's second
copy in one file.
"""

import re
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop, RawFile
from preprocess.parse import Parsed, ParseOptions, document, drop
from preprocess.text import strict_json
from preprocess.text.decode import unix
from preprocess.text.entities import resolved

_NAME = r"[^.\n]{0,120}?(?:\b[A-Z]\. [A-Z][a-z]{1,20})?\.+ *"  # no full stop but after an initial: "Ana M. Pop."
_GLUED = r"[^\n]{0,300}?"  # what may stand before the sender where the heading is none that the fields give
_PATIENCE = 1000  # entries without a song, after which a file is given up
_GAPS = re.compile("\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for songs."""

    lyrics: str = "lyrics"  # the field of the words
    title: str = "title"
    artist: str = "artist"
    key: str = ""  # the field that tells songs apart, an address say; default: the place in the list
    heading: str = ""
    sender: str = ""


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Songs in the file's order. Raises ParseError for what is no list, or has no song for very long."""
    seen: dict[str, int] = {}
    for place, song in enumerate(strict_json.items(body)):
        yield _document_or_drop(file, song, place, seen, options)
        if place == _PATIENCE and not seen:
            raise ParseError(f"not songs: no words in the first {place:,} entries", "mend the fields in [parse]")


def _document_or_drop(file: RawFile, song: Any, place: int, seen: dict[str, int], options: Options) -> Document | Drop:
    if not isinstance(song, dict) or not isinstance(song.get(options.lyrics), str):
        return drop(file, f"#{place}", f"no song: no text in its field {options.lyrics!r}")
    title, artist = (_words(song.get(field)) for field in (options.title, options.artist))
    key = song.get(options.key) if options.key else None
    named = isinstance(key, str | int) and not isinstance(key, bool)
    position = str(key) if named else place
    lyrics = _lyrics(song[options.lyrics], title, artist, options)
    if not lyrics:
        return drop(file, f"#{place}", "no song: no words")
    first = seen.setdefault(str(position), place)
    if first != place:
        return drop(file, f"#{place}", f"same song: as #{first}")
    meta = {"artist": resolved(artist)} | ({options.key: position} if named else {})
    return document(file, position, lyrics, title=resolved(title), author=resolved(artist), meta=meta)


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lyrics(text: str, title: str, artist: str, options: Options) -> str:
    text = unix(text).lstrip()
    heading = options.heading.replace("{artist}", artist).replace("{title}", title)
    before = _GLUED
    if heading and text.startswith(heading):
        text, before = text[len(heading) :].lstrip(), ""
    if options.sender:
        text = re.sub(rf"\A{before}{re.escape(options.sender)} {_NAME}", "", text)
    lines = [line.rstrip() for line in resolved(text).split("\n")]
    if options.sender:
        lines = [line for line in lines if options.sender.casefold() not in line.casefold()]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()
