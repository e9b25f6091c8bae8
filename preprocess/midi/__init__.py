"""Music as text and back, in two encodings.

* `events` is exact: every message, tick and track, a line each;
* `notes` is compact: notes on a declared grid. What rounding loses is lost once; any text, a model's too, gives music.

    text = to_text(body, "notes")
    body, mends = to_midi(text, "notes")  # the same for a sample that a model wrote: body is the .mid file

It knows no corpora and plays nothing.
"""

from io import BytesIO
from typing import Literal

from preprocess.midi import events, notes, playing, score, smf
from preprocess.midi.notes import GRID

Encoding = Literal["events", "notes"]


def to_text(body: bytes, encoding: Encoding, grid: int = GRID) -> str:
    """A MIDI file as text; `grid` is the steps a quarter note of `notes`. Raises ParseError."""
    song = smf.read(body)
    return events.to_text(song) if encoding == "events" else notes.to_text(score.from_song(song, grid))


def to_midi(text: str, encoding: Encoding) -> tuple[bytes, int]:
    """The MIDI file that a text says, and how many mends it took.

    Text of `notes` is always mended; text of `events` is exact or raises ParseError.
    """
    if encoding == "events":
        return smf.write(events.to_song(text)), 0
    played, mends = notes.to_score(text)
    stream = BytesIO()
    playing.to_file(played).save(file=stream)
    return stream.getvalue(), mends
