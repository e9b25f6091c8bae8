"""A song as its notes on a grid: who plays which key from which step for how long, and the tempo, meter and key signs.

`from_song` rounds, and counts what that loses; `to_song` loses nothing, so song -> score -> song -> score ends where it
first came. A voice is one channel of one track.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from corpusmill.errors import ParseError
from preprocess.midi.smf import END, LONGEST, META, Event, Song, smpte

VOICES = 26  # at most: as many as there are letters
TEMPI = range(4, 1_000)  # quarter notes a minute; fewer than 4 do not fit into a tempo event
_VELOCITY = 80  # of every note: mezzo forte
_MINUTE = 60_000_000  # microseconds
_OFF, _ON, _PROGRAM = 0x80, 0x90, 0xC0
_TEMPO, _METER, _KEY = 0x51, 0x58, 0x59
_CLOCKS = bytes([24, 8])  # MIDI clocks a metronome click and 32nds a quarter, as nearly all files have them
_FILLER = bytes([META, 0x01])  # a text without text, where nothing happens for longer than one event can say
_SHARPS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")  # -7 to 7 sharps
_MINOR = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
_KEYS = [*_SHARPS, *(f"{name}m" for name in _MINOR)]
_METER_SAID = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")


class Note(NamedTuple):
    """A key that a voice holds for some steps; ordered by time."""

    start: int
    voice: int
    pitch: int
    steps: int


class Sign(NamedTuple):
    """``T120`` quarter notes a minute, ``M6/8`` or ``KF#m``, from a step on."""

    start: int
    said: str


class Voice(NamedTuple):
    """Its channel and its instrument."""

    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class Score:
    """Notes and signs in the order of time; no two notes of a voice on one key overlap, and no sign repeats another."""

    grid: int  # steps a quarter note
    voices: tuple[Voice, ...]
    notes: tuple[Note, ...]
    signs: tuple[Sign, ...]
    lost: Counter[str]  # off_grid, merged, unbalanced: notes; left_out: events

    @classmethod
    def of(
        cls, grid: int, voices: Iterable[Voice], notes: Iterable[Note], signs: Iterable[Sign], lost: Counter[str]
    ) -> "Score":
        """A score of any notes and signs: what overlaps or repeats is settled first, and counted in `lost`."""
        settled = sorted(_settled(notes, lost))
        return cls(grid, tuple(voices), tuple(settled), tuple(_signs_settled(signs)), lost)


def from_song(song: Song, grid: int) -> Score:
    """The notes of a song, rounded to the grid. Raises ParseError for time code, patterns and too many voices."""
    if smpte(song.division) or song.format == 2:  # noqa: PLR2004 - tracks that are patterns, not played together
        raise ParseError("no grid: time code, or tracks that do not sound together", "use the encoding events")
    heard = [_hear(track) for track in song.tracks]
    parts = [(part, channel) for part in heard for channel in sorted(part.notes)]
    if len(parts) > VOICES:
        raise ParseError(f"too many voices: {len(parts)}, and there are letters for {VOICES}", "leave the file out")
    lost = sum((part.lost for part in heard), Counter[str]())
    ruler = _Ruler(grid, song.division)
    notes = []
    for voice, (part, channel) in enumerate(parts):
        for start, end, pitch in part.notes[channel]:
            lost["off_grid"] += bool(start * grid % song.division or end * grid % song.division)
            begins = ruler.step(start)
            notes.append(Note(begins, voice, pitch, max(1, ruler.step(end) - begins)))
    signs = [Sign(ruler.step(tick), said) for part in heard for tick, said in part.signs]
    voices = [Voice(channel, part.programs.get(channel, 0)) for part, channel in parts]
    return Score.of(grid, voices, notes, signs, lost)


def to_song(score: Score) -> Song:
    """A song of one track for the signs and one for each voice that has notes; a tick is a step."""
    tracks = [_track([(sign.start, 0, sign_data(sign.said)) for sign in score.signs])]
    timed: dict[int, list[tuple[int, int, bytes]]] = defaultdict(list)
    for start, voice, pitch, steps in score.notes:
        channel = score.voices[voice].channel
        timed[voice].append((start, 2, bytes([_ON | channel, pitch, _VELOCITY])))
        timed[voice].append((start + steps, 1, bytes([_OFF | channel, pitch, 0])))  # before what begins there
    for voice, events in sorted(timed.items()):
        channel, program = score.voices[voice]
        tracks.append(_track([(0, 0, bytes([_PROGRAM | channel, program])), *events]))
    return Song(1, score.grid, tracks)


def sign_data(said: str) -> bytes:
    """The meta event of a sign; nothing for words that are no sign."""
    kind, value = said[:1], said[1:]
    if kind == "T" and value.isdecimal() and len(value) < len(str(TEMPI.stop)) and int(value) in TEMPI:
        return bytes([META, _TEMPO]) + _rounded(_MINUTE, int(value)).to_bytes(3)
    if kind == "K" and value in _KEYS:
        minor, place = divmod(_KEYS.index(value), len(_SHARPS))
        return bytes([META, _KEY]) + (place - 7).to_bytes(1, signed=True) + bytes([minor])
    if kind == "M" and (match := _METER_SAID.fullmatch(value)):
        beats, beat = int(match[1]), int(match[2])
        if beats in range(1, 256) and beat in (1, 2, 4, 8, 16, 32, 64, 128):
            return bytes([META, _METER, beats, beat.bit_length() - 1]) + _CLOCKS
    return b""


@dataclass(frozen=True, slots=True)
class _Ruler:
    grid: int
    division: int

    def step(self, tick: int) -> int:
        """The nearest step."""
        return _rounded(tick * self.grid, self.division)


@dataclass(slots=True)
class _Part:
    """What a track plays: for each channel (start, end, pitch) in ticks, its instruments, and its signs."""

    notes: dict[int, list[tuple[int, int, int]]]
    programs: dict[int, int]
    signs: list[tuple[int, str]]
    lost: Counter[str]


def _hear(track: list[Event]) -> _Part:
    part = _Part(defaultdict(list), {}, [], Counter())
    held: dict[tuple[int, int], int] = {}  # channel and pitch -> since which tick
    now = 0
    for delta, data in track:
        now += delta
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind in (_ON, _OFF):
            _press(part, held, now, data)
        elif kind == _PROGRAM and not part.notes[channel] and all(channel != key[0] for key in held):
            part.programs[channel] = data[1]
        elif said := _sign_said(data):
            part.signs.append((now, said))
        elif data != END:
            part.lost["left_out"] += 1
    for (channel, pitch), since in held.items():
        part.lost["unbalanced"] += 1
        part.notes[channel].append((since, now, pitch))
    part.notes = {channel: notes for channel, notes in part.notes.items() if notes}
    return part


def _press(part: _Part, held: dict[tuple[int, int], int], now: int, data: bytes) -> None:
    """A key goes down or up; what is held already ends when it is struck again."""
    channel, pitch, down = data[0] & 0x0F, data[1], data[0] & 0xF0 == _ON and data[2] > 0
    since = held.pop((channel, pitch), None)
    if since is not None:
        part.notes[channel].append((since, now, pitch))
    if down is (since is not None):  # struck again while held, or let go when not held
        part.lost["unbalanced"] += 1
    if down:
        held[channel, pitch] = now


def _sign_said(data: bytes) -> str:
    """The sign that a meta event gives; nothing for another event, or for one with impossible values."""
    payload = data[2:]
    match data[0], data[1:2], len(payload):
        case 0xFF, b"\x51", 3:
            tempo = _rounded(_MINUTE, max(1, int.from_bytes(payload)))
            return f"T{min(max(tempo, TEMPI.start), TEMPI.stop - 1)}"
        case 0xFF, b"\x58", 4:
            said = f"M{payload[0]}/{1 << min(payload[1], 8)}"
        case 0xFF, b"\x59", 2:
            place = int.from_bytes(payload[:1], signed=True) + 7
            known = place in range(len(_SHARPS)) and payload[1] in (0, 1)
            said = f"K{_KEYS[place + len(_SHARPS) * payload[1]]}" if known else ""
        case _:
            said = ""
    return said if sign_data(said) else ""


def _settled(notes: Iterable[Note], lost: Counter[str]) -> Iterator[Note]:
    """On one key of a voice each note ends where the next begins; of those that begin together the longest stays."""
    keys: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in notes:
        keys[note.voice, note.pitch].append(note)
    for same in keys.values():
        same.sort()
        for note, after in pairwise(same):
            room = after.start - note.start
            lost["merged"] += note.steps > room
            if room:
                yield note._replace(steps=min(note.steps, room))
        yield same[-1]


def _signs_settled(signs: Iterable[Sign]) -> Iterator[Sign]:
    """Of signs of a kind at one step the last, unless it says what is in force."""
    at = {(sign.start, sign.said[0]): sign for sign in sorted(signs, key=lambda sign: sign.start)}
    order = sorted(at.values(), key=lambda sign: (sign.start, "TMK".index(sign.said[0])))
    in_force: dict[str, str] = {}
    for sign in order:
        if in_force.get(sign.said[0]) != sign.said:
            in_force[sign.said[0]] = sign.said
            yield sign


def _track(timed: list[tuple[int, int, bytes]]) -> list[Event]:
    events = []
    now = 0
    for at, _, data in sorted(timed):
        while at - now > LONGEST:
            events.append(Event(LONGEST, _FILLER))
            now += LONGEST
        events.append(Event(at - now, data))
        now = at
    return [*events, Event(0, END)]


def _rounded(above: int, below: int) -> int:
    """The whole number nearest to a fraction, halves up; in whole numbers, so that every machine agrees."""
    return (2 * above + below) // (2 * below)
