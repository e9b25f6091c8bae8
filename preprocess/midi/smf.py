"""Standard MIDI Files, read with bounds and written back: bytes -> Song -> bytes.

A file is data from anywhere, so every length is checked against what is there before it is used, and a number may have
four bytes, as the standard says (Standard MIDI Files 1.0, RP-001). Reading costs one pass, whatever the bytes are.
What the standard forbids raises ParseError with the offset; what it says to ignore is named in `left_out`. It knows
nothing of texts, notes or music.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from corpusmill.errors import ParseError

LONGEST = 0x0FFFFFFF  # what a number of four bytes holds
END = bytes([0xFF, 0x2F])  # end of track
META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
MOST_EVENTS = 500_000  # of a file: an hour of a busy orchestra, 10 MB of text
FRAME_RATES = (24, 25, 29, 30)  # frames a second that a time-code division may name
DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}  # after a status, by its upper half
_BYTES = [bytes([n]) for n in range(256)]
_SIZES = [DATA_BYTES.get(status & 0xF0, 0) for status in range(256)]  # what a channel message has after its status
_MOST_LEFT_OUT = 1_000  # chunks; each is named in a drop
_FORMATS = 3
_DATA = 0x80  # bytes from here on are a status
_CONTINUED = 0x80  # in a number: another byte follows
_NUMBER_BYTES = 4
_HEADER, _CHUNK = 14, 8  # bytes of the header with its name and length; of a chunk's name and length
_new = tuple.__new__  # a third of the time that calling a NamedTuple takes
_HINT = "leave the file out, or save it anew with a program that reads it"


class Event(NamedTuple):
    """Ticks since the event before, and the message.

    A message is its status byte and data bytes. In a meta event the type follows FF, and in both a meta event and a
    system exclusive one the length is left out: it is that of the rest.
    """

    delta: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Song:
    """One file. `division` is its 16 bits: ticks a quarter note, or SMPTE time code where the highest bit is set."""

    format: int
    division: int
    tracks: list[list[Event]]
    left_out: tuple[str, ...] = ()  # parts that were passed over, each ``category: detail``


def smpte(division: int) -> tuple[int, int] | None:
    """Frames a second and ticks a frame of a time-code division; None for ticks a quarter note."""
    return (256 - (division >> 8), division & 0xFF) if division & 0x8000 else None


def read(body: bytes) -> Song:
    """The song in a file. Raises ParseError naming what is wrong and the offset."""
    format_, count, division = _header(body)
    tracks: list[list[Event]] = []
    left_out: list[str] = []
    at, room = _HEADER, MOST_EVENTS
    while len(tracks) < count:
        name, start, end = _chunk(body, at, f"track {len(tracks) + 1} of {count}")
        if name == b"MTrk":
            tracks.append(_events(body, start, end, room))
            room -= len(tracks[-1])
        elif len(left_out) == _MOST_LEFT_OUT:
            raise ParseError(f"not MIDI: more than {_MOST_LEFT_OUT} chunks that are no tracks at offset {at}", _HINT)
        else:
            left_out.append(f"not music: a chunk {name.decode('latin-1')!r} of {end - start} bytes at offset {at}")
        at = end
    if at < len(body):
        left_out.append(f"trailing: {len(body) - at} bytes after the last track")
    return Song(format_, division, tracks, tuple(left_out))


def write(song: Song) -> bytes:
    """The file that holds a song, each message with its status: `read` gives the same song back."""
    chunks = [struct.pack(">4sIHHH", b"MThd", 6, song.format, len(song.tracks), song.division)]
    for track in song.tracks:
        body = b"".join(number(event.delta) + _message(event.data) for event in track)
        chunks += [struct.pack(">4sI", b"MTrk", len(body)), body]
    return b"".join(chunks)


def number(value: int) -> bytes:
    """A number of 0 to `LONGEST` in seven bits a byte, the highest first."""
    written = [value & 0x7F]
    while value := value >> 7:
        written.append(value & 0x7F | _CONTINUED)
    return bytes(reversed(written))


def _message(data: bytes) -> bytes:
    if data[0] == META:
        return data[:2] + number(len(data) - 2) + data[2:]
    if data[0] in (SYSEX, ESCAPE):
        return data[:1] + number(len(data) - 1) + data[1:]
    return data


def _header(body: bytes) -> tuple[int, int, int]:
    """Format, number of tracks and division."""
    if not body:
        raise ParseError("empty: there are no bytes", "give a MIDI file")
    if not body.startswith(b"MThd"):
        raise ParseError(f"not MIDI: it begins with {body[:4].hex(' ')}, not with MThd", "give a MIDI file")
    if len(body) < _HEADER:
        raise ParseError(f"truncated: {len(body)} bytes, the header alone has {_HEADER}", _HINT)
    size, format_, count, division = struct.unpack(">IHHH", body[4:_HEADER])
    if size != _HEADER - _CHUNK or format_ >= _FORMATS:
        raise ParseError(f"not MIDI: a header of {size} bytes, format {format_}", _HINT)
    if not count:
        raise ParseError("empty: the header says 0 tracks", "give a file with music")
    if count * _CHUNK > len(body) - _HEADER:
        raise ParseError(f"truncated: {len(body)} bytes cannot hold {count} tracks", _HINT)
    code = smpte(division)
    if not division or (code and (code[0] not in FRAME_RATES or not code[1])):
        raise ParseError(f"not MIDI: a division of {division:04X} gives a tick no length", _HINT)
    return format_, count, division


def _chunk(body: bytes, at: int, wanted: str) -> tuple[bytes, int, int]:
    """The name of the chunk at an offset, and where its bytes start and end."""
    if at + _CHUNK > len(body):
        raise ParseError(f"truncated: the file ends before {wanted}", _HINT)
    name, size = struct.unpack(">4sI", body[at : at + _CHUNK])
    start = at + _CHUNK
    if size > len(body) - start:
        raise ParseError(f"truncated: a chunk of {size} bytes at offset {at}, and {len(body) - start} are left", _HINT)
    return name, start, start + size


def _events(body: bytes, at: int, end: int, room: int) -> list[Event]:
    """The events of a track, of which the last, and only the last, is its end; `room` is how many there may be."""
    events: list[Event] = []
    running, data = 0, b""  # the status that a message without one has
    while at < end:
        if data == END:
            raise ParseError(f"not MIDI: {end - at} bytes after the end of a track at offset {at}", _HINT)
        if len(events) == room:
            raise ParseError(f"too many events: more than {MOST_EVENTS:,}", "leave the file out")
        delta, at = (body[at], at + 1) if body[at] < _CONTINUED else _number(body, at, end)
        if at == end:
            raise ParseError(f"truncated: a track that ends before a message at offset {at}", _HINT)
        status = body[at]
        if status >= SYSEX:
            running, (data, at) = 0, _long_message(body, at, end)
        else:
            start = at + (status >= _DATA)
            running = status if status >= _DATA else running
            after = start + _SIZES[running]
            data = body[start:after]
            if not running or after > end or not data.isascii():
                _refuse_short(running, at, start, after > end)
            data, at = _BYTES[running] + data, after
        events.append(_new(Event, (delta, data)))
    if data != END:
        raise ParseError(f"truncated: a track without its end at offset {at}", _HINT)
    return events


def _refuse_short(status: int, at: int, start: int, leaves: bool) -> NoReturn:
    """Say what is wrong with a channel message: no status, bytes behind its track's end, data of eight bits."""
    if not status:
        raise ParseError(f"not MIDI: a message without a status at offset {at}", _HINT)
    if leaves:
        raise ParseError(f"truncated: a message that leaves its track at offset {at}", _HINT)
    raise ParseError(f"not MIDI: a data byte above 7F at offset {start}", _HINT)


def _long_message(body: bytes, at: int, end: int) -> tuple[bytes, int]:
    """A meta or system exclusive event without its length, and the offset after it."""
    status = body[at]
    if status not in (META, SYSEX, ESCAPE):
        raise ParseError(f"not MIDI: status {status:02X}, which no file may hold, at offset {at}", _HINT)
    start = at + (2 if status == META else 1)
    size, data = _number(body, start, end)
    if size > end - data:
        raise ParseError(f"truncated: an event of {size} bytes leaves its track at offset {at}", _HINT)
    if status == META and body[at + 1] >= _DATA:
        raise ParseError(f"not MIDI: a meta event of type {body[at + 1]:02X} at offset {at}", _HINT)
    return body[at:start] + body[data : data + size], data + size


def _number(body: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of variable length and the offset after it."""
    if at < end and body[at] < _CONTINUED:
        return body[at], at + 1
    value = 0
    for offset in range(at, min(at + _NUMBER_BYTES, end)):
        value = value << 7 | body[offset] & 0x7F
        if body[offset] < _CONTINUED:
            return value, offset + 1
    if at + _NUMBER_BYTES > end:
        raise ParseError(f"truncated: a number that leaves its track at offset {at}", _HINT)
    raise ParseError(f"not MIDI: a number of more than {_NUMBER_BYTES} bytes at offset {at}", _HINT)
