r"""A song as one line per event, exact: every message, tick and track, there and back.

    MIDI 1 480                      format and ticks a quarter note; or "smpte 25 40", frames a second and ticks a frame
    track
    0 name "The Miller's Reel"
    0 tempo 500000                  microseconds a quarter note
    0 on 0 78 90                    ticks since the line before, then channel, note and velocity
    480 off 0 78 0
    0 end

A text's bytes stand as UTF-8 where they are that, and as ``\xE9`` where they are not, or would not be seen. Events that
have no word stand as ``meta 7F 00 2A`` (type, bytes), ``sysex 7E 7F 09 01 F7`` and ``escape F3 01``.
"""

import re
from typing import NoReturn

from corpusmill.errors import ParseError
from preprocess.midi.smf import DATA_BYTES, END, ESCAPE, FRAME_RATES, LONGEST, META, SYSEX, Event, Song, smpte

_CHANNEL = {0x80: "off", 0x90: "on", 0xA0: "touch", 0xB0: "control", 0xC0: "program", 0xD0: "pressure", 0xE0: "bend"}
_TEXTS = {1: "text", 2: "copyright", 3: "name", 4: "instrument", 5: "lyric", 6: "marker", 7: "cue"}
_NUMBERS = {0x51: "tempo", 0x58: "meter", 0x59: "key"}  # meta events of numbers, when they have the standard's length
_LENGTHS = {"tempo": 3, "meter": 4, "key": 2}  # in bytes
_COUNTS = {"tempo": 1, "meter": 4, "key": 2}  # in numbers
_STATUS = {name: status for status, name in _CHANNEL.items()}
_TEXT_TYPES = {name: type_ for type_, name in _TEXTS.items()}
_NUMBER_TYPES = {name: type_ for type_, name in _NUMBERS.items()}
_RAW = {"sysex": SYSEX, "escape": ESCAPE}

_BEND = 8192  # the wheel at rest
_HIDDEN = [*range(0x20), *b'"\\', *range(0x7F, 0xA0), 0x2028, 0x2029]  # controls, quotes, line ends
_NO_UTF_8 = {0xDC00 + byte: f"\\x{byte:02X}" for byte in range(0x80, 0x100)}  # as "surrogateescape" stands in for it
_ESCAPES = {n: "".join(f"\\x{byte:02X}" for byte in chr(n).encode()) for n in _HIDDEN} | _NO_UTF_8
_QUOTED = re.compile(r'"(?:[^"\\]++|\\x[0-9A-F]{2})*+"')
_SHORT = 8  # bytes of a message that is worth remembering
_ESCAPED = re.compile(r"\\x([0-9A-F]{2})")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_BYTES = re.compile(r"(?:[0-9A-F]{2}(?: [0-9A-F]{2})*)?")
_HEADER = re.compile(r"MIDI ([0-2]) (?:([0-9]{1,5})|smpte ([0-9]{2}) ([0-9]{1,3}))")


def to_text(song: Song) -> str:
    """The lines of a song."""
    code = smpte(song.division)
    lines = [f"MIDI {song.format} " + (f"smpte {code[0]} {code[1]}" if code else str(song.division))]
    said = _Said()
    for track in song.tracks:
        lines.append("track")
        lines += [f"{delta} {said[data]}" for delta, data in track]
    return "\n".join(lines)


def to_song(text: str) -> Song:
    """The song that lines say. Raises ParseError naming the first line that says none."""
    first, *lines = text.strip("\n").split("\n")
    format_, division = _header(first)
    tracks: list[list[Event]] = []
    meant = _Meant()
    for number, line in enumerate(lines, 2):
        if line == "track":
            _refuse_open(tracks, number)
            tracks.append([])
        elif tracks and not (tracks[-1] and tracks[-1][-1].data == END):
            tracks[-1].append(_event(line, number, meant))
        else:
            _refuse(line, number, "an event outside a track")
    _refuse_open(tracks, len(lines) + 1)
    if not 0 < len(tracks) <= 0xFFFF:  # noqa: PLR2004 - the header's 16 bits
        _refuse(first, 1, f"a song of {len(tracks)} tracks")
    return Song(format_, division, tracks)


class _Said(dict[bytes, str]):
    """Messages in words, each put into words once, since most files say few things often."""

    def __missing__(self, data: bytes) -> str:
        """Keep what is short; a long message seldom comes twice."""
        said = _in_words(data)
        if len(data) <= _SHORT:
            self[data] = said
        return said


def _in_words(data: bytes) -> str:
    """A message in words."""
    status = data[0]
    if status == META:
        return _meta_said(data[1], data[2:])
    if status >= SYSEX:
        return _spaced("sysex" if status == SYSEX else "escape", data[1:])
    name, channel = _CHANNEL[status & 0xF0], status & 0x0F
    if name == "bend":
        return f"bend {channel} {data[1] + (data[2] << 7) - _BEND}"
    return " ".join([name, str(channel), *map(str, data[1:])])


def _meta_said(type_: int, payload: bytes) -> str:
    if type_ in _TEXTS:
        return f"{_TEXTS[type_]} {_quoted(payload)}"
    if type_ == END[1] and not payload:
        return "end"
    name = _NUMBERS.get(type_, "")
    if not name or len(payload) != _LENGTHS[name]:
        return _spaced(f"meta {type_:02X}", payload)
    if name == "tempo":
        return f"tempo {int.from_bytes(payload)}"
    if name == "key":
        return f"key {int.from_bytes(payload[:1], signed=True)} {payload[1]}"
    return " ".join([name, *map(str, payload)])


def _spaced(name: str, payload: bytes) -> str:
    return f"{name} {payload.hex(' ').upper()}".rstrip()


def _quoted(payload: bytes) -> str:
    text = payload.decode("utf-8", "surrogateescape")
    return f'"{text.translate(_ESCAPES)}"'


def _header(line: str) -> tuple[int, int]:
    match = _HEADER.fullmatch(line)
    if not match:
        _refuse(line, 1, "no header")
    format_, ticks, rate, frame = (int(group or 0) for group in match.groups())
    if ticks in range(1, 0x8000):
        return format_, ticks
    if rate in FRAME_RATES and frame in range(1, 0x100):
        return format_, (256 - rate) << 8 | frame
    return _refuse(line, 1, "no division")


class _Meant(dict[str, bytes | None]):
    """The same the other way round; None for what means no message."""

    def __missing__(self, words: str) -> bytes | None:
        """Keep what is short."""
        name, _, said = words.partition(" ")
        data = _data(name, said)
        if data is None or len(data) <= _SHORT:
            self[words] = data
        return data


def _event(line: str, number: int, meant: _Meant) -> Event:
    delta, _, words = line.partition(" ")
    if not _WHOLE.fullmatch(delta) or not 0 <= int(delta) <= LONGEST:
        _refuse(line, number, "no ticks")
    data = meant[words]
    if data is None:
        _refuse(line, number, "no event")
    return Event(int(delta), data)


def _data(name: str, said: str) -> bytes | None:
    """The message that words say, or None."""
    if name in _TEXT_TYPES:
        return _long(META, _TEXT_TYPES[name], _unquoted(said))
    if name == "meta":
        raw = _raw(said)
        return _long(META, raw[0], raw[1:]) if raw and raw[0] < 0x80 else None  # noqa: PLR2004 - a type has 7 bits
    if name in _RAW:
        return _long(_RAW[name], None, _raw(said))
    numbers = [int(word) for word in said.split(" ") if _WHOLE.fullmatch(word)]
    if len(numbers) != (said.count(" ") + 1 if said else 0):
        return None
    return _channel_data(name, numbers) if name in _STATUS else _meta_data(name, numbers)


def _long(status: int, type_: int | None, payload: bytes | None) -> bytes | None:
    if payload is None or len(payload) > LONGEST:
        return None
    return bytes([status] if type_ is None else [status, type_]) + payload


def _channel_data(name: str, numbers: list[int]) -> bytes | None:
    channel, *values = numbers or [-1]
    if name == "bend":
        wheel = values[0] + _BEND if len(values) == 1 else -1
        values = [wheel & 0x7F, wheel >> 7]
    status = _STATUS[name]
    sound = channel in range(16) and all(value in range(0x80) for value in values)
    return bytes([status | channel, *values]) if sound and len(values) == DATA_BYTES[status] else None


def _meta_data(name: str, numbers: list[int]) -> bytes | None:
    if name == "end":
        return END if not numbers else None
    if len(numbers) != _COUNTS.get(name):
        return None
    first, *rest = numbers
    try:
        payload = first.to_bytes(3 if name == "tempo" else 1, signed=name == "key") + bytes(rest)
    except (OverflowError, ValueError):
        return None
    return bytes([META, _NUMBER_TYPES[name]]) + payload


def _raw(said: str) -> bytes | None:
    return bytes.fromhex(said) if _BYTES.fullmatch(said) else None


def _unquoted(said: str) -> bytes | None:
    if not _QUOTED.fullmatch(said):
        return None
    pieces = _ESCAPED.split(said[1:-1])  # text, digits, text, digits, …
    try:
        return b"".join(bytes.fromhex(p) if n % 2 else p.encode() for n, p in enumerate(pieces))
    except UnicodeEncodeError:
        return None


def _refuse_open(tracks: list[list[Event]], number: int) -> None:
    if tracks and not (tracks[-1] and tracks[-1][-1].data == END):
        _refuse("track", number, "a track before the one above has its end")


def _refuse(line: str, number: int, what: str) -> NoReturn:
    raise ParseError(f"not MIDI events: {what} in line {number}: {line[:60]!r}", "write it as to_text does")
