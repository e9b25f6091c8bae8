"""MIDI files of a few bytes, and Hypothesis's songs of any kind."""

import struct

from hypothesis import strategies as st

from preprocess.midi.smf import DATA_BYTES, END, ESCAPE, LONGEST, META, SYSEX, Event, Song

TRACK_END = bytes.fromhex("00 FF 2F 00")


def file(*tracks: bytes, format_: int = 1, division: int = 96, count: int | None = None) -> bytes:
    """The bytes of a file with these tracks, each without its chunk's name and length."""
    head = struct.pack(">4sIHHH", b"MThd", 6, format_, len(tracks) if count is None else count, division)
    return head + b"".join(struct.pack(">4sI", b"MTrk", len(track)) + track for track in tracks)


def song(*tracks: list[Event], format_: int = 1, division: int = 96) -> Song:
    return Song(format_, division, [[*track, Event(0, END)] for track in tracks])


def on(delta: int, pitch: int = 60, channel: int = 0, velocity: int = 80) -> Event:
    return Event(delta, bytes([0x90 | channel, pitch, velocity]))


def off(delta: int, pitch: int = 60, channel: int = 0) -> Event:
    return Event(delta, bytes([0x80 | channel, pitch, 0]))


_deltas = st.one_of(st.integers(0, 500), st.integers(0, LONGEST))
_data = st.integers(0, 0x7F)
_channel = st.sampled_from(sorted(DATA_BYTES)).flatmap(
    lambda kind: st.tuples(st.integers(kind, kind | 0x0F), *[_data] * DATA_BYTES[kind]).map(bytes)
)
_meta = st.tuples(
    st.one_of(st.sampled_from([1, 3, 5, 0x51, 0x58, 0x59, 0x2F]), st.integers(0, 0x7F)), st.binary(max_size=6)
).map(lambda parts: bytes([META, parts[0]]) + parts[1])
_exclusive = st.tuples(st.sampled_from([SYSEX, ESCAPE]), st.binary(max_size=6)).map(lambda p: bytes([p[0]]) + p[1])
_messages = st.one_of(_channel, _meta.filter(lambda data: data != END), _exclusive)
_tracks = st.lists(st.builds(Event, _deltas, _messages), max_size=12)
_ticks = st.integers(1, 0x7FFF)
_codes = st.tuples(st.sampled_from([24, 25, 29, 30]), st.integers(1, 255)).map(lambda c: (256 - c[0]) << 8 | c[1])


def songs(divisions=_ticks | _codes) -> st.SearchStrategy[Song]:
    """Any song a file can hold."""
    return st.builds(
        lambda format_, division, tracks: song(*tracks, format_=format_, division=division),
        st.integers(0, 2),
        divisions,
        st.lists(_tracks, min_size=1, max_size=4),
    )


_keys = st.builds(
    lambda delta, kind, channel, pitch, velocity: Event(delta, bytes([kind | channel, pitch, velocity])),
    st.integers(0, 700),
    st.sampled_from([0x80, 0x90]),
    st.integers(0, 2),
    st.integers(58, 62),
    st.sampled_from([0, 1, 80]),
)
_signs = st.builds(
    Event,
    st.integers(0, 700),
    st.tuples(st.sampled_from([(0x51, 3), (0x58, 4), (0x59, 2)]), st.binary(min_size=4, max_size=4)).map(
        lambda p: bytes([META, p[0][0]]) + p[1][: p[0][1]]
    ),
)
_long = st.builds(Event, st.integers(1_000_000, LONGEST), st.just(bytes([META, 1])))


def played() -> st.SearchStrategy[Song]:
    """Songs of keys that go down and up as they like, with signs and long rests between."""
    tracks = st.lists(st.one_of(_keys, _keys, _keys, _signs, _long, st.builds(Event, _deltas, _messages)), max_size=30)
    return st.builds(
        lambda division, tracks: song(*tracks, division=division),
        st.sampled_from([1, 24, 96, 480, 1024]),
        st.lists(tracks, min_size=1, max_size=3),
    )
