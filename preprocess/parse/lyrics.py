"""Songs in a JSON list of objects, one song each; which fields hold what is declared.

    heading = "Versuri {artist} - {title}"  # glued to the first line by whoever saved the pages
    sender = "trimise de"                   # and after it who sent the words in, up to a full stop

Both are removed: the one repeats two fields, the other names a private person. Entities of HTML are resolved. An entry
without words, or that is no song, is a drop.
"""

import html
import re
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import ParseError
from corpusmill.types import Document, Drop, RawFile
from preprocess import strict_json
from preprocess.decode import unix
from preprocess.parse import Parsed, ParseOptions, document, drop

_NAME = r"[^.\n]{0,120}?(?:\b[A-Z]\. [A-Z][a-z]{1,20})?\.+ *"  # no full stop but after an initial: "Ana M. Pop."


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
    """Songs in the file's order. Raises ParseError for what is no list."""
    songs = strict_json.loads(body)
    if not isinstance(songs, list):
        raise ParseError("not songs: the file is no list", "look at the file: is it a list of objects, one a song?")
    for place, song in enumerate(songs):
        yield _document_or_drop(file, song, place, options)


def _document_or_drop(file: RawFile, song: Any, place: int, options: Options) -> Document | Drop:
    if not isinstance(song, dict) or not isinstance(song.get(options.lyrics), str):
        return drop(file, place, f"no song: no text in its field {options.lyrics!r}")
    title, artist = (_words(song.get(field)) for field in (options.title, options.artist))
    key = song.get(options.key) if options.key else None
    position = str(key) if isinstance(key, str | int) else place
    lyrics = _lyrics(song[options.lyrics], title, artist, options)
    if not lyrics:
        return drop(file, place, "no song: no words")
    meta = {"artist": artist} | ({options.key: position} if key else {})
    return document(file, position, lyrics, title=html.unescape(title), author=html.unescape(artist), meta=meta)


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lyrics(text: str, title: str, artist: str, options: Options) -> str:
    text = unix(text).lstrip()
    heading = options.heading.replace("{artist}", artist).replace("{title}", title)
    if heading and text.startswith(heading):
        text = text[len(heading) :].lstrip()
        if options.sender:
            text = re.sub(rf"\A{re.escape(options.sender)} {_NAME}", "", text)
    lines = [line.rstrip() for line in html.unescape(text).split("\n")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()
