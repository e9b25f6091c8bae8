"""A song as its notes on a grid: who plays which key from which step for how long, and the tempo, meter and key signs.

`from_song` rounds, and counts what that loses; `playing.to_file` loses nothing, so song -> score -> song -> score ends
where it first came. A voice is one channel of one track.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from corpusmill.errors import ParseError
from preprocess.midi.smf import END, META, Event, Song, smpte

VOICES = 26  # at most: as many as there are letters
TEMPI = range(4, 1_000)  # quarter notes a minute; fewer than 4 do not fit into a tempo event
BEATS = range(1, 256)  # in a bar
BEAT = (1, 2, 4, 8, 16, 32, 64, 128)  # what part of a whole note a beat is
_MINUTE = 60_000_000  # microseconds
_OFF, _ON, _PROGRAM = 0x80, 0x90, 0xC0
_TEMPO, _METER, _KEY = b"\x51", b"\x58", b"\x59"
_MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")  # of -7 to 7 sharps
_MINOR = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_KEYS = {
    bytes([(at - 7) % 256, minor]): name
    for minor, names in enumerate((_MAJOR, _MINOR))
    for at, name in enumerate(names)
}


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
        settled = [*_settled(notes, lost)][::-1]
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
    notes = []
    for voice, (part, channel) in enumerate(parts):
        for start, end, pitch in part.notes[channel]:
            begins, ends = _rounded(start * grid, song.division), _rounded(end * grid, song.division)
            lost["off_grid"] += begins * song.division != start * grid or ends * song.division != end * grid
            notes.append(Note(begins, voice, pitch, max(1, ends - begins)))
    signs = [Sign(_rounded(tick * grid, song.division), said) for part in heard for tick, said in part.signs]
    voices = [Voice(channel, part.programs.get(channel, 0)) for part, channel in parts]
    return Score.of(grid, voices, notes, signs, lost)


@dataclass(slots=True)
class _Part:
    """What a track plays: for each channel (start, end, pitch) in ticks, its instruments, and its signs."""

    notes: dict[int, list[tuple[int, int, int]]]  # of each channel that was struck
    programs: dict[int, int]
    signs: list[tuple[int, str]]
    lost: Counter[str]


def _hear(track: list[Event]) -> _Part:
    part = _Part({}, {}, [], Counter())
    held: dict[int, int] = {}  # channel and pitch -> since which tick
    now = 0
    for delta, data in track:
        now += delta
        kind = data[0] & 0xF0
        if kind in (_ON, _OFF):
            _press(part, held, now, data)
        elif kind == _PROGRAM and data[0] & 0x0F not in part.notes:
            part.programs[data[0] & 0x0F] = data[1]
        elif data[0] == META and (said := _sign_said(data)):
            part.signs.append((now, said))
        elif data != END:
            part.lost["left_out"] += 1
    for key, since in held.items():
        part.lost["unbalanced"] += 1
        part.notes[key >> 7].append((since, now, key & 0x7F))
    return part


def _press(part: _Part, held: dict[int, int], now: int, data: bytes) -> None:
    """A key goes down or up; what is held already ends when it is struck again."""
    status, pitch, velocity = data
    channel, down = status & 0x0F, status >= _ON and velocity > 0
    since = held.pop(channel << 7 | pitch, None)
    if since is not None:
        part.notes[channel].append((since, now, pitch))
    if down is (since is not None):  # struck again while held, or let go when not held
        part.lost["unbalanced"] += 1
    if down:
        held[channel << 7 | pitch] = now
        part.notes.setdefault(channel, [])


def _sign_said(data: bytes) -> str:
    """The sign that a meta event gives; nothing for another event, or for one with impossible values."""
    kind, payload = data[1:2], data[2:]
    if kind == _TEMPO and len(payload) == 3:  # noqa: PLR2004 - bytes, as the standard says
        tempo = _rounded(_MINUTE, max(1, int.from_bytes(payload)))
        return f"T{min(max(tempo, TEMPI.start), TEMPI.stop - 1)}"
    if kind == _METER and len(payload) == 4 and payload[0] in BEATS and payload[1] < len(BEAT):  # noqa: PLR2004
        return f"M{payload[0]}/{BEAT[payload[1]]}"
    name = _KEYS.get(payload) if kind == _KEY else None
    return f"K{name}" if name else ""


def _settled(notes: Iterable[Note], lost: Counter[str]) -> Iterator[Note]:
    """On one key of a voice each note ends where the next begins; of those that begin together the longest stays.

    The last note comes first.
    """
    begins: dict[tuple[int, int], int] = {}  # the note after, on each key of each voice
    for note in sorted(notes, reverse=True):
        start, voice, pitch, steps = note
        room = begins.get((voice, pitch), start + steps) - start
        begins[voice, pitch] = start
        if steps <= room:
            yield note
            continue
        lost["merged"] += 1
        if room:
            yield Note(start, voice, pitch, room)


def _signs_settled(signs: Iterable[Sign]) -> Iterator[Sign]:
    """Of signs of a kind at one step the last, unless it says what is in force."""
    at = {(sign.start, sign.said[0]): sign for sign in sorted(signs, key=lambda sign: sign.start)}
    order = sorted(at.values(), key=lambda sign: (sign.start, "TMK".index(sign.said[0])))
    in_force: dict[str, str] = {}
    for sign in order:
        if in_force.get(sign.said[0]) != sign.said:
            in_force[sign.said[0]] = sign.said
            yield sign


def _rounded(above: int, below: int) -> int:
    """The whole number nearest to a fraction, halves up; in whole numbers, so that every machine agrees."""
    return (2 * above + below) // (2 * below)
