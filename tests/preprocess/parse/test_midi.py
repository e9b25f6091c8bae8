import pytest

from corpusmill.errors import ParseError
from corpusmill.types import Document
from preprocess.midi.smf import write
from preprocess.parse.midi import Options, parse
from tests.preprocess.midi.songs import TRACK_END, file, off, on, song
from tests.preprocess.snapshots import raw_file

URL = "https://mill.example/tunes.tar.gz!/MIDI/wheel.mid"
WHEEL = write(song([on(0), off(97)]))


def read(body: bytes, **options):
    return list(parse(raw_file(URL), body, Options(kind="midi", **options)))


@pytest.mark.parametrize(
    ("options", "text", "meta"),
    [
        ({}, "MIDI 1 96\ntrack\n0 on 0 60 80\n97 off 0 60 0\n0 end", {"events": 3}),
        ({"encoding": "notes"}, "notes 24\na 0 0\n0 aC4/24", {"notes": 1, "off_grid": 1}),
        ({"encoding": "notes", "grid": 96}, "notes 96\na 0 0\n0 aC4/97", {"notes": 1}),
    ],
)
def test_a_file_is_a_document_in_the_declared_encoding(options, text, meta):
    (wheel,) = read(WHEEL, **options)
    assert (wheel.text, wheel.title) == (text, "MIDI/wheel.mid")
    assert wheel.meta == {"format": 1, "tracks": 1} | meta


def test_parts_that_are_no_music_are_drops():
    *drops, wheel = read(WHEEL[:14] + b"Junk\0\0\0\0" + WHEEL[14:] + b"*")
    assert [d.reason.partition(":")[0] for d in drops] == ["not music", "trailing"]
    assert isinstance(wheel, Document)


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"", "empty: "), (b"<html>", "not MIDI: "), (WHEEL[:-1], "truncated: "), (file(TRACK_END), "no notes: ")],
)
def test_a_file_without_music_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        read(body, encoding="notes")
