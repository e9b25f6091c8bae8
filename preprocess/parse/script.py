"""Scripts of plays and films: a line is ``speaker: words``, a line in brackets says what is seen.

A document is a scene, of no more than so many lines, or a single line with its speaker in `meta`. A scene begins where
a line in square brackets does (``[setting: the mill]``). A line whose words are lost (``nan``, as tables write it)
keeps what stands before the colon. Letters of windows-1252 that were read as Latin-1 are mended and counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from corpusmill.types import RawFile
from preprocess.clean import mend
from preprocess.parse import Parsed, TextOptions, document
from preprocess.text.decode import decode, unix

_SPEAKER = re.compile(r"([^\W\d_][^:\n()\[\]]{0,39}?)(?: ?\([^)\n]{0,400}\))?:(?!\S{2})")
_LOST = re.compile(r": *nan\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for scripts."""

    unit: Literal["scene", "line"] = "scene"
    scene: str = "["  # what a line begins with that opens a scene
    longest: Annotated[int, msgspec.Meta(ge=1)] = 40  # lines of a scene; a longer one is cut


@dataclass(frozen=True, slots=True)
class _Line:
    words: str
    mended: int


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Scenes or lines in their order. Raises ParseError."""
    decoded = decode(body, options.encoding)
    text = unix(decoded.text)
    lines = [line for line in map(_line, filter(None, text.split("\n"))) if line.words]
    for place, part in enumerate(_scenes(lines, options) if options.unit == "scene" else ([line] for line in lines), 1):
        speakers = [match[1].strip() for line in part if (match := _SPEAKER.match(line.words))]
        mended = sum(line.mended for line in part)
        meta = {"speaker": "".join(speakers)} if options.unit == "line" else _cast(part, speakers)
        counts = {"mended_c1": mended} if mended else {}
        words = "\n\n".join(line.words for line in part)
        yield document(file, place, words, meta={options.unit: place} | meta | counts | decoded.meta)


def _line(text: str) -> _Line:
    words, mended = mend.c1(text)  # before white space is stripped: U+0085 counts as such
    return _Line(_LOST.sub("", words.strip()).strip(), mended)


def _cast(part: list[_Line], speakers: list[str]) -> dict[str, int | list[str]]:
    return {"lines": len(part), "speakers": list(dict.fromkeys(speakers))}


def _scenes(lines: list[_Line], options: Options) -> Iterator[list[_Line]]:
    scene: list[_Line] = []
    for line in lines:
        if scene and (line.words.startswith(options.scene) or len(scene) >= options.longest):
            yield scene
            scene = []
        scene.append(line)
    if scene:
        yield scene
