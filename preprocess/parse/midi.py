"""Music: a Standard MIDI File is one document, written as text in one of two encodings (see `preprocess.midi`).

Chunks that are no tracks, and bytes after the last track, are drops. Text of `events` must not be cleaned if it is to
stay exact; text of `notes` is ASCII. `preprocess.midi.to_midi` makes a file of either.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from corpusmill.errors import ParseError
from corpusmill.types import RawFile
from preprocess.midi import Encoding, events, notes, score, smf
from preprocess.parse import Parsed, ParseOptions, document, drop, path_within

LARGEST = 16 << 20  # bytes; a message of bytes that are no text takes twenty times as many while it is written


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for MIDI files."""

    encoding: Encoding = "events"
    grid: Annotated[int, msgspec.Meta(ge=notes.GRIDS.start, lt=notes.GRIDS.stop)] = (
        notes.GRID
    )  # steps a quarter, of notes


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One document, and a drop for each part that is no music. Raises ParseError."""
    song = smf.read(body)
    for place, reason in enumerate(song.left_out, 1):
        yield drop(file, f"part {place}", reason)
    meta = {"format": song.format, "tracks": len(song.tracks)}
    if options.encoding == "events":
        text = events.to_text(song)
        meta["events"] = sum(map(len, song.tracks))
    else:
        played = score.from_song(song, options.grid)
        if not played.notes:
            raise ParseError("no notes: the file is silent", "use the encoding events, or leave the file out")
        text = notes.to_text(played)
        meta |= {"notes": len(played.notes)} | {what: count for what, count in sorted(played.lost.items()) if count}
    yield document(file, "", text, title=path_within(file.url), meta=meta)
