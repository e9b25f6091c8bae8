import io

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.midi import notes, playing, score, smf, to_midi, to_text
from preprocess.midi.smf import Event
from tests.preprocess.midi.songs import off, on, song

SIGNS = [
    *(f"T{tempo}" for tempo in score.TEMPI),
    *(f"M{beats}/{beat}" for beats in score.BEATS for beat in score.BEAT),
    *(f"K{name}{sharp}{minor}" for name in "ABCDEFG" for sharp in ("", "#", "b") for minor in ("", "m")),
]


def test_a_tune_is_played_as_it_is_written():
    text = "notes 24\na 0 25\n0 T120 M6/8 KD aF#5/24\n24 aA5/24 aD5/12"
    played = playing.to_file(notes.to_score(text)[0])
    assert played.length == pytest.approx(1.0)  # two quarter notes at 120 a minute
    assert [(m.type, m.time) for m in played.tracks[0]] == [
        ("set_tempo", 0),
        ("time_signature", 0),
        ("key_signature", 0),
    ]
    assert [str(message) for message in played.tracks[1]] == [
        "program_change channel=0 program=25 time=0",
        "note_on channel=0 note=78 velocity=80 time=0",
        "note_off channel=0 note=78 velocity=0 time=24",
        "note_on channel=0 note=74 velocity=80 time=0",
        "note_on channel=0 note=81 velocity=80 time=0",
        "note_off channel=0 note=74 velocity=0 time=12",
        "note_off channel=0 note=81 velocity=0 time=12",
    ]


def test_a_file_saved_is_the_file_that_text_gives(tmp_path):
    text = "notes 24\na 0 25\n0 T120 aF#5/24"
    playing.to_file(notes.to_score(text)[0]).save(tmp_path / "tune.mid")
    assert to_midi(text, "notes") == ((tmp_path / "tune.mid").read_bytes(), 0)


def test_every_sign_is_written_and_read_back():
    known = [said for said in SIGNS if playing.sign(said)]
    assert len(known) == len(score.TEMPI) + len(score.BEATS) * len(score.BEAT) + 30
    for said in known:
        data = bytes(playing.sign(said).bytes())
        found = score.from_song(song([Event(0, data[:2] + data[3:]), on(0), off(9)]), 24).signs
        assert [sign.said for sign in found] == [said]


@pytest.mark.parametrize(
    "said", ["", "T", "T3", "T1000", "T1_0", "T١٢٠", "M0/4", "M256/4", "M3/3", "M3", "K", "KH", "KFb", "Kc"]
)
def test_words_that_are_no_sign_say_nothing(said):
    assert playing.sign(said) is None


@given(st.text(st.sampled_from("notes 24ab0123/CDG#-TMK\n"), max_size=80))
def test_what_any_text_gives_another_library_reads_to_its_end(text):
    body, _ = to_midi(text, "notes")
    again = mido.MidiFile(file=io.BytesIO(body))
    assert again.length >= 0
    assert smf.read(body).left_out == ()
    assert to_text(body, "notes").startswith("notes ")
