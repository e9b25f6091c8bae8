import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.midi.smf import LONGEST, MOST_EVENTS, Event, Song, number, read, write
from tests.preprocess.midi.songs import TRACK_END, file, off, on, song, songs

NOTE = bytes.fromhex("00 90 3C 50")


@given(songs())
def test_what_is_written_is_read_back_event_for_event(given_song):
    assert read(write(given_song)) == given_song


@pytest.mark.parametrize(
    ("track", "events"),
    [
        ("00 90 3C 50  60 3C 00", [on(0), on(96, velocity=0)]),  # running status
        ("83 60 90 3C 50  00 80 3C 00", [on(480), off(0)]),
        ("80 80 80 00 90 3C 50", [on(0)]),  # a number with leading zeros
        ("FF FF FF 7F 90 3C 50", [on(LONGEST)]),
        ("00 FF 51 01 07", [Event(0, bytes.fromhex("FF 51 07"))]),  # a tempo of one byte is a message all the same
        ("00 FF 59 02 0C 00", [Event(0, bytes.fromhex("FF 59 0C 00"))]),  # so are twelve sharps
        ("00 F0 03 7E 09 F7", [Event(0, bytes.fromhex("F0 7E 09 F7"))]),
        ("00 F7 81 00" + "00" * 128, [Event(0, b"\xf7" + bytes(128))]),
    ],
)
def test_each_way_of_writing_an_event_is_read(track, events):
    assert read(file(bytes.fromhex(track) + TRACK_END)) == song(events)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty: "),
        (b"<html>", "not MIDI: it begins with 3c 68 74 6d, not with MThd"),
        (b"RIFF\0\0\0\0RMID", "not MIDI: it begins with 52 49 46 46"),
        (b"MThd\0\0\0\6", "truncated: 8 bytes, the header alone has 14"),
        (b"MThd\0\0\0\7" + file(TRACK_END)[8:], "not MIDI: a header of 7 bytes"),
        (file(TRACK_END, format_=3), "not MIDI: a header of 6 bytes, format 3"),
        (file(), "empty: the header says 0 tracks"),
        (file(TRACK_END, count=65_535), "truncated: 26 bytes cannot hold 65535 tracks"),
        (file(TRACK_END, TRACK_END, count=3), "truncated: the file ends before track 3 of 3"),
        (file(TRACK_END, division=0), "not MIDI: a division of 0000"),
        (file(TRACK_END, division=0xE800), "not MIDI: a division of E800"),
        (file(TRACK_END, division=0x8001), "not MIDI: a division of 8001"),
        (file(TRACK_END)[:-1], "truncated: a chunk of 4 bytes at offset 14, and 3 are left"),
        (file(b"\xff" * 5), "not MIDI: a number of more than 4 bytes at offset 22"),
        (file(b"\xff\xff"), "truncated: a number that leaves its track at offset 22"),
        (file(b"\x00"), "truncated: a track that ends before a message at offset 23"),
        (file(b""), "truncated: a track without its end at offset 22"),
        (file(NOTE), "truncated: a track without its end at offset 26"),
        (file(NOTE[:-1]), "truncated: a message that leaves its track at offset 23"),
        (file(TRACK_END + NOTE), "not MIDI: 4 bytes after the end of a track at offset 26"),
        (file(b"\x00\x3c\x50" + TRACK_END), "not MIDI: a message without a status at offset 23"),
        (file(NOTE + b"\x00\xff\x01\x00" + NOTE[:1] + NOTE[2:]), "not MIDI: a message without a status at offset 31"),
        (file(NOTE + b"\x00\xf0\x00" + NOTE[:1] + NOTE[2:]), "not MIDI: a message without a status at offset 30"),
        (file(b"\x00\x90\x3c\x80" + TRACK_END), "not MIDI: a data byte above 7F at offset 24"),
        (file(b"\x00\xf4" + TRACK_END), "not MIDI: status F4, which no file may hold, at offset 23"),
        (file(b"\x00\xff\x80\x00" + TRACK_END), "not MIDI: a meta event of type 80 at offset 23"),
        (file(b"\x00\xff\x01\x09abc" + TRACK_END), "truncated: an event of 9 bytes leaves its track at offset 23"),
        (file(b"\x00\xff\x01"), "truncated: a number that leaves its track at offset 25"),
    ],
)
def test_what_no_file_may_hold_is_refused_with_its_offset(body, message):
    with pytest.raises(ParseError) as caught:
        read(body)
    assert caught.value.message.startswith(message)


def test_chunks_that_are_no_tracks_and_bytes_after_the_last_are_left_out_and_named():
    whole = file(NOTE + TRACK_END)
    read_song = read(whole[:14] + b"Junk\0\0\0\3abc" + whole[14:] + b"**")
    assert read_song.tracks == read(whole).tracks
    assert read_song.left_out == (
        "not music: a chunk 'Junk' of 3 bytes at offset 14",
        "trailing: 2 bytes after the last track",
    )


@given(st.data())
def test_any_bytes_are_a_song_or_a_parse_error(data):
    body = bytearray(data.draw(st.one_of(songs().map(write), st.binary(max_size=60).map(file))))
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(read(bytes(body[: data.draw(st.integers(0, len(body)))])), Song)
    except ParseError as error:
        assert ": " in error.message


def test_events_and_chunks_without_end_are_refused():
    track = b"\0\xc0\5" + b"\0\5" * (MOST_EVENTS - 2)
    assert sum(map(len, read(file(track + TRACK_END)).tracks)) == MOST_EVENTS
    with pytest.raises(ParseError, match=r"^too many events: more than 500,000"):
        read(file(track + TRACK_END, TRACK_END))
    junk = file(TRACK_END)
    with pytest.raises(ParseError, match=r"^not MIDI: more than 1000 chunks that are no tracks at offset 8014"):
        read(junk[:14] + b"Junk\0\0\0\0" * 1001 + junk[14:])


def test_a_megabyte_that_is_one_endless_number_costs_nothing():
    with pytest.raises(ParseError, match="more than 4 bytes"):
        read(file(b"\xff" * 1_000_000))


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16_383, 16_384, LONGEST])
def test_numbers_are_written_as_another_library_writes_them(value):
    assert list(number(value)) == mido.midifiles.meta.encode_variable_int(value)
