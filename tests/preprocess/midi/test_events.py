import io
import re
from dataclasses import replace

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.midi import events, to_midi, to_text
from preprocess.midi.smf import Event, read, write
from tests.preprocess.midi.songs import file, off, on, song, songs


@given(songs())
def test_song_to_text_to_song_keeps_every_message_tick_and_track(given_song):
    text = events.to_text(given_song)
    assert events.to_song(text) == given_song
    assert events.to_text(events.to_song(text)) == text


def test_each_kind_of_event_has_its_words():
    track = [
        on(0, 78, 9, 90),
        off(1024, 78, 9),
        *(Event(0, bytes.fromhex(d)) for d in ("A1 3C 05", "B0 07 64", "C0 19", "D0 05", "E0 00 00", "E0 7F 7F")),
        *(Event(0, bytes.fromhex(d)) for d in ("FF 51 07 A1 20", "FF 51 07", "FF 58 06 03 18 08", "FF 59 FD 01")),
        *(Event(0, bytes.fromhex(d)) for d in ("FF 54 00 01 00 00 00", "FF 7F", "F0 7E 7F F7", "F7 F3 01")),
        Event(0, b"\xff\x03" + 'Mühle\n"1"\\ '.encode() + b"\xe9\xc2\x85"),
        Event(0, b"\xff\x05"),
    ]
    assert events.to_text(song(track, [], division=1024)).split("\n") == [
        "MIDI 1 1024",
        "track",
        "0 on 9 78 90",
        "1024 off 9 78 0",
        "0 touch 1 60 5",
        "0 control 0 7 100",
        "0 program 0 25",
        "0 pressure 0 5",
        "0 bend 0 -8192",
        "0 bend 0 8191",
        "0 tempo 500000",
        "0 meta 51 07",
        "0 meter 6 3 24 8",
        "0 key -3 1",
        "0 meta 54 00 01 00 00 00",
        "0 meta 7F",
        "0 sysex 7E 7F F7",
        "0 escape F3 01",
        r'0 name "Mühle\x0A\x221\x22\x5C \xE9\xC2\x85"',
        '0 lyric ""',
        "0 end",
        "track",
        "0 end",
    ]


def test_time_code_is_kept():
    text = events.to_text(song([], division=(256 - 25) << 8 | 40))
    assert text.startswith("MIDI 1 smpte 25 40\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("0 on 0 60", "no event"),
        ("0 on 0 60 128", "no event"),
        ("0 on 16 60 1", "no event"),
        ("0 on 0 60 1 ", "no event"),
        ("0 on 0 60 ١", "no event"),
        ("0 bend 0 8192", "no event"),
        ("0 bend 0 1 2", "no event"),
        ("0 tempo 16777216", "no event"),
        ("0 tempo -1", "no event"),
        ("0 key 300 0", "no event"),
        ("0 meter 4 2 24", "no event"),
        ("0 meta 80 00", "no event"),
        ("0 meta", "no event"),
        ("0 sysex 7e", "no event"),
        ('0 name "a', "no event"),
        ('0 name "a"b"', "no event"),
        (r'0 name "\n"', "no event"),
        ('0 name "\ud800"', "no event"),
        ("0 honk", "no event"),
        ("0 end 1", "no event"),
        ("", "no ticks"),
        ("-1 on 0 60 1", "no ticks"),
        ("268435456 on 0 60 1", "no ticks"),
        ("track", "a track before the one above has its end"),
    ],
)
def test_a_line_that_says_no_event_is_refused_by_its_number(line, what):
    with pytest.raises(ParseError, match=rf"^not MIDI events: {what} in line 3: "):
        to_midi(f"MIDI 1 96\ntrack\n{line}\n0 end", "events")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIDI 1 96",
        "MIDI 3 96\ntrack\n0 end",
        "MIDI 1 0\ntrack\n0 end",
        "MIDI 1 32768\ntrack\n0 end",
        "MIDI 1 smpte 26 40\ntrack\n0 end",
        "MIDI 1 96\n0 end",
        "MIDI 1 96\ntrack",
        "MIDI 1 96\ntrack\n0 end\n0 end",
    ],
)
def test_text_that_is_no_song_is_refused(text):
    with pytest.raises(ParseError, match=r"^not MIDI events: "):
        to_midi(text, "events")


@given(st.text(st.sampled_from('MIDI 1 96\ntracknd0"\\xE-'), max_size=80))
def test_any_text_is_a_song_or_a_parse_error(text):
    try:
        assert to_midi(text, "events")[1] == 0
    except ParseError as error:
        assert error.message.startswith("not MIDI events: ")


def messages(body: bytes) -> list[list[mido.Message]]:
    return [list(track) for track in mido.MidiFile(file=io.BytesIO(body)).tracks]


def test_another_library_reads_the_same_messages_before_and_after():
    body = file(bytes.fromhex("00 FF 03 05 57 68 65 65 6C  00 90 3C 50  60 3C 00  00 E0 00 40  00 FF 2F 00"))
    again, _ = to_midi(to_text(body, "events"), "events")
    assert again != body  # it had running status
    assert messages(again) == messages(body)


def test_every_folk_tune_comes_back_byte_for_byte(real):
    tunes = real("codeload.github.com/jukedeck/nottingham-dataset/tar.gz/refs/heads/master", "*.mid")
    assert len(tunes) == 1034
    for body in tunes:
        text = to_text(body, "events")
        assert to_midi(text, "events") == (body, 0)
    for body in tunes[::50]:
        assert messages(write(read(body))) == messages(body)


def test_every_odd_file_comes_back_or_is_refused_with_a_reason(real):
    files = real("codeload.github.com/jazz-soft/test-midi-files/tar.gz/refs/heads/main", "*.mid")
    assert len(files) > 50
    for body in files:
        try:
            text = to_text(body, "events")
        except ParseError as error:
            assert re.match(r"(empty|not MIDI|truncated): ", error.message)
            continue
        again, _ = to_midi(text, "events")
        assert to_text(again, "events") == text
        assert replace(read(body), left_out=()) == read(again)
