"""Standard MIDI Files: good ones, pieces of the format, and shapes that grow."""

import struct

from preprocess.parse.midi import Options
from tests.preprocess.midi.songs import TRACK_END, file

OPTIONS = (  # notes first: they cost more, and reading, which both begin with, is the same
    Options(kind="midi", encoding="notes"),
    Options(kind="midi", encoding="events"),
    Options(kind="midi", encoding="notes", grid=960),
)

SIGNS = bytes.fromhex("00 FF 51 03 07 A1 20  00 FF 58 04 06 03 18 08  00 FF 59 02 FD 01")
NAMED = b"\0\xff\x03\x05Wheel\0\xff\x02\x04Ada\xe9\0\xff\x05\x00"
MELODY = bytes.fromhex("00 90 4E 50  60 4E 00  00 49 50  30 80 49 40")
CHORD = bytes.fromhex("00 C9 19  00 99 2D 50  00 31 50  81 10 89 2D 00  00 31 00")
OTHERS = bytes.fromhex(
    "00 B0 07 64  00 A0 3C 05  00 D0 05  00 E0 00 40  00 F0 03 7E 7F F7  00 F7 02 F3 01  00 FF 7F 00"
)
GOOD = (
    file(SIGNS + TRACK_END, NAMED + MELODY + TRACK_END, CHORD + TRACK_END),
    file(NAMED + SIGNS + MELODY + OTHERS + TRACK_END, format_=0, division=480),
    file(MELODY + TRACK_END, TRACK_END, format_=2, division=1),
    file(MELODY + TRACK_END, division=(256 - 25) << 8 | 40),
    file(MELODY + TRACK_END)[:14] + b"Junk\0\0\0\3abc" + file(MELODY + TRACK_END)[14:] + b"**",
)
PARTS = (
    *(
        b"MThd",
        b"MTrk",
        b"MThd\0\0\0\6\0\1\0\1\0\x60",
        b"MTrk\0\0\0\4",
        b"MTrk\xff\xff\xff\xff",
        b"RIFF",
        b"Junk\0\0\0\0",
    ),
    *(
        TRACK_END,
        SIGNS,
        MELODY,
        CHORD,
        OTHERS,
        b"\x90",
        b"\x80",
        b"\xc0",
        b"\xe0",
        b"\xf0",
        b"\xf7",
        b"\xff",
        b"\xff\x2f\0",
    ),
    *(
        b"\xff\xff\xff\x7f",
        b"\x81\x80\x80\x00",
        b"\xff\x51\3\0\0\0",
        b"\xff\x58\4\0\xff\0\0",
        b"\xff\x59\2\x0c\0",
        b"\xff\x59\0",
    ),
    *(b"\xff\x01\xff\xff\xff\x7f", b"\0\x3c\x40", b"\0\x3c\0", b"\0", b"\1", b"\x7f", b"\xe7\x28", b"\x80\x00"),
)


def _repeated(unit: bytes, first: bytes = b"", last: bytes = TRACK_END, **header):
    """Files of one track in which one unit comes again and again."""
    return lambda size: file(first + unit * (size // len(unit)) + last, **header)


def _long(size: int, start: bytes, byte: bytes) -> bytes:
    """A file of one event of that many bytes."""
    length = bytes([0x80 | size >> shift & 0x7F for shift in (21, 14, 7)]) + bytes([size & 0x7F])
    return file(start + length + byte * size + TRACK_END)


def _different(start: bytes, size: int) -> bytes:
    """A file of events of three bytes each, as different as can be."""
    unit = len(start) + 3
    events = (start + (n * 7919 % (1 << 24)).to_bytes(3) for n in range(size // unit))
    return file(b"".join(events) + TRACK_END)


def _every_key(size: int) -> bytes:
    """Keys of all channels struck over and over, and never let go."""
    keys = [bytes([1, 0x90 | channel, pitch, 80]) for channel in range(16) for pitch in range(128)]
    return file(b"".join(keys[n % len(keys)] for n in range(size // 4)) + TRACK_END)


def _held_then(unit: bytes):
    """All keys of a channel held, and then one unit again and again."""
    held = b"".join(bytes([0, 0x90, pitch, 80]) for pitch in range(128))
    return lambda size: file(held + unit * (size // len(unit)) + TRACK_END)


def _tracks(unit: bytes, **header):
    """As many tracks as a header can say, or as the size allows."""
    return lambda size: file(*[unit] * min(size // (len(unit) + 8), 0xFFFF), **header)


def _chunks(size: int) -> bytes:
    """Chunks that are no tracks, before all tracks that a header can promise."""
    return struct.pack(">4sIHHH", b"MThd", 6, 1, min(size // 8, 0xFFFF), 96) + b"Junk\0\0\0\0" * (size // 8)


_ON = b"\0\x90\x3c\x40"
GROWING = {
    "records": _repeated(MELODY, SIGNS),
    "tracks": _tracks(SIGNS + MELODY + TRACK_END),
    "running status, two bytes": _repeated(b"\0\5", b"\0\xc0\5"),
    "running status, three bytes": _repeated(b"\1\x3c\x40\1\x3c\0", _ON),
    "one key struck over and over": _repeated(b"\1\x3c\x40", _ON),
    "one key struck at once": _repeated(b"\0\x3c\x40", _ON),
    "one key let go over and over": _repeated(b"\1\x80\x3c\0"),
    "every key struck, none let go": _every_key,
    "programs while keys are held": _held_then(b"\0\xc1\5"),
    "programs of many channels": _repeated(bytes.fromhex("00 C0 05 00 C1 05 00 C2 05 00 CF 05")),
    "tempi": lambda size: _different(b"\1\xff\x51\3", size),
    "tempi at once": lambda size: _different(b"\0\xff\x51\3", size),
    "meters": lambda size: _different(b"\1\xff\x58\4\5", size),
    "keys": lambda size: _different(b"\1\xff\x59\3", size),
    "longest deltas": _repeated(b"\xff\xff\xff\x7f\x3c\x40\xff\xff\xff\x7f\x3c\0", _ON),
    "time code": _repeated(MELODY, division=0xE728),
    "patterns": _repeated(MELODY, format_=2),
    "empty texts": _repeated(b"\0\xff\1\0"),
    "empty system exclusives": _repeated(b"\0\xf0\0"),
    "one text": lambda size: _long(size, b"\0\xff\1", b"a"),
    "one text of FF": lambda size: _long(size, b"\0\xff\1", b"\xff"),
    "one text of quotes": lambda size: _long(size, b"\0\xff\1", b'"'),
    "one system exclusive": lambda size: _long(size, b"\0\xf0", b"\x7e"),
    "one unknown event": lambda size: _long(size, b"\0\xff\x7f", b"\xff"),
    "empty tracks": _tracks(TRACK_END),
    "tracks without an end": _tracks(b""),
    "silent tracks": _tracks(b"\0\xff\1\0" + TRACK_END),
    "chunks that are no tracks": _chunks,
    "bytes after the last track": lambda size: file(MELODY + TRACK_END) + b"*" * size,
    "tracks promised and not there": lambda size: file(
        MELODY * (size // len(MELODY)) + TRACK_END, count=min(size // 8, 0xFFFF)
    ),
    "a text longer than the file": _repeated(b"a", b"\0\xff\1\xff\xff\xff\x7f"),
    "FF": _repeated(b"\xff"),
    "80": _repeated(b"\x80"),
    "numbers of five bytes": _repeated(b"\xff\xff\xff\xff\x7f\x90\x3c\x40"),
    "zeros": _repeated(b"\0"),
    "statuses": _repeated(b"\0\x90"),
    "end after end": _repeated(TRACK_END),
    "FF, not MIDI": lambda size: b"\xff" * size,
}
