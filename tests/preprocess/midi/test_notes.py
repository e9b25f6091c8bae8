from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess.midi import notes, score, smf, to_midi, to_text
from preprocess.midi.smf import Event
from tests.preprocess.midi.songs import off, on, played, song, songs


def lines(*tracks: list[Event], grid: int = 24, **kind) -> list[str]:
    return to_text(smf.write(song(*tracks, **kind)), "notes", grid).split("\n")


@given(played(), st.sampled_from([1, 4, 24, 480]))
def test_after_the_first_pass_nothing_more_is_lost(given_song, grid):
    text = to_text(smf.write(given_song), "notes", grid)
    body, mends = to_midi(text, "notes")
    assert mends == 0
    assert to_text(body, "notes", grid) == text


WORDS = [
    *("notes 24", "notes 0", "a 0 25", "a 99 999", "b", "12", "0", "99999", "track", "-1", "é", "\n", "\n\n"),
    *("aC4/12", "aC4/24", "bC4/0", "aG#9/9", "aH4/1", "aE#4/1", "zC-1/12345"),
    *("T120", "T9999", "M6/8", "M6/7", "KF#m", "KH"),
]


@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join), st.text(max_size=60)))
def test_any_text_is_music_and_settles_after_one_pass(text):
    body, _ = to_midi(text, "notes")
    first = to_text(body, "notes")
    again, mends = to_midi(first, "notes")
    assert mends == 0
    assert to_text(again, "notes") == first


def test_a_song_is_a_line_for_each_moment():
    signs = [Event(0, bytes.fromhex(d)) for d in ("FF 51 07 A1 20", "FF 58 06 03 18 08", "FF 59 02 00")]
    melody = [*signs, on(0, 78), off(96, 78), on(0, 73), off(48, 73)]
    chord = [Event(0, bytes([0xC9, 25])), on(0, 45, 9), on(0, 49, 9), off(144, 45, 9), off(0, 49, 9)]
    assert lines(melody, [], chord) == [
        "notes 24",
        "a 0 0",
        "b 9 25",
        "0 T120 M6/8 KD aF#5/24 bA2/36 bC#3/36",
        "24 aC#5/12",
    ]


@pytest.mark.parametrize(
    ("track", "said", "lost"),
    [
        ([on(0), off(96)], ["0 aC4/24"], {}),
        ([on(1), off(96)], ["0 aC4/24"], {"off_grid": 1}),
        ([on(2), off(1)], ["1 aC4/1"], {"off_grid": 1}),  # halves go up, and a note has a step at least
        ([on(0), on(96, velocity=0)], ["0 aC4/24"], {}),
        ([on(0), Event(96, b"\xff\x01")], ["0 aC4/24"], {"unbalanced": 1, "left_out": 1}),
        ([off(0), on(4), off(4)], ["1 aC4/1"], {"unbalanced": 1}),
        ([on(0), on(48), off(48)], ["0 aC4/12", "12 aC4/12"], {"unbalanced": 1}),
        ([on(0), off(5), on(0), off(4)], ["0 aC4/1", "1 aC4/1"], {"off_grid": 2}),
        ([on(0), off(1), on(0), off(95)], ["0 aC4/24"], {"off_grid": 2, "merged": 1}),
        ([on(0, 0), off(4, 0), on(0, 127), off(4, 127)], ["0 aC-1/1", "1 aG9/1"], {}),
        ([on(0), off(4), Event(0, b"\xc0\x05"), Event(0, b"\xb0\x07\x64")], ["0 aC4/1"], {"left_out": 2}),
        ([Event(0, b"\xff\x51\x00\x00\x00"), on(0), off(4)], ["0 T999 aC4/1"], {}),
        ([Event(0, b"\xff\x59\x0c\x00"), on(0), off(4)], ["0 aC4/1"], {"left_out": 1}),
        ([Event(0, b"\xff\x58\x04\xff\x18\x08"), on(0), off(4)], ["0 aC4/1"], {"left_out": 1}),
        ([on(400_000), off(400_000)], ["9999 aC4/9999"], {}),
    ],
)
def test_what_rounding_loses_is_counted(track, said, lost):
    assert lines(track) == ["notes 24", "a 0 0", *said]
    found = score.from_song(song(track), 24).lost
    assert {what: count for what, count in found.items() if count} == lost


@pytest.mark.parametrize(
    ("text", "said", "mends"),
    [
        ("notes 24\na 0 0\n0 aC4/24", "notes 24\na 0 0\n0 aC4/24", 0),
        ("", "notes 24", 0),
        ("4 aC4/24", "notes 24\na 0 0\n4 aC4/24", 2),  # a sample that begins amid a tune: no header, no voices
        ("notes 24\n4 cC4/24 bC4/1", "notes 24\na 0 0\nb 0 0\n4 aC4/1 bC4/24", 2),
        ("notes 24\na 0 0\n0 aC4/2", "notes 24\na 0 0\n0 aC4/2", 0),
        ("notes 24\na 0 0\n0 aC4/", "notes 24", 1),
        ("notes 24\na 99 999\n0 aC4/0", "notes 24\na 15 127\n0 aC4/1", 3),
        ("notes 24\na 0 0\n0 aC4/9\n3 aC4/9", "notes 24\na 0 0\n0 aC4/3\n3 aC4/9", 1),
        ("notes 24\na 0 0\n0 aC4/9 aC4/2", "notes 24\na 0 0\n0 aC4/9", 1),
        ("notes 24\na 0 0\n0 aG#9/1 aE#4/1 aC-2/1 T3 M6/7 KX", "notes 24", 6),
        ("notes 24\na 0 0\n0 aC4/9\n\nnotes 24\na 0 0\n0 aC4/9", "notes 24\na 0 0\n0 aC4/9\n9 aC4/9", 0),  # two tunes
        ("notes 24\na 0 0\n0 aC4/9\n\nnotes 48\na 0 5\n0 aC4/9", "notes 24\na 0 0\n0 aC4/9\n9 aC4/9", 2),
        ("notes 24\n0 T120 T90\n5 T90 KAm", "notes 24\n0 T90\n5 KAm", 0),
    ],
)
def test_a_sample_is_mended_and_the_mends_are_counted(text, said, mends):
    body, found = to_midi(text, "notes")
    assert to_text(body, "notes") == said
    assert found == mends


def test_the_grid_is_declared_and_rests_longer_than_an_event_can_say_are_kept():
    rests = "\n".join(["9999"] * 30_000)
    body, mends = to_midi(f"notes 960\na 0 0\n{rests}\n0 aC4/4", "notes")
    assert mends == 0
    song_ = smf.read(body)
    assert song_.division == 960
    assert sum(event.delta for event in song_.tracks[1]) == 30_000 * 9_999 + 4


@pytest.mark.parametrize(
    ("given_song", "message"),
    [
        (song([on(0)], format_=2), "no grid: "),
        (song([on(0)], division=0xE728), "no grid: "),
        (song(*[[on(0)]] * 27), "too many voices: 27"),
    ],
)
def test_what_has_no_beat_or_no_letter_is_refused(given_song, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        to_text(smf.write(given_song), "notes")


@given(songs())
def test_any_song_has_notes_or_a_parse_error(given_song):
    try:
        text = to_text(smf.write(given_song), "notes")
    except ParseError as error:
        assert error.message.startswith(("no grid: ", "too many voices: "))
    else:
        assert notes.to_score(text)[1] == 0


def test_every_folk_tune_settles_after_one_pass(real):
    tunes = real("codeload.github.com/jukedeck/nottingham-dataset/tar.gz/refs/heads/master", "*.mid")
    assert len(tunes) == 1034
    for body in tunes:
        text = to_text(body, "notes")
        again, mends = to_midi(text, "notes")
        assert (to_text(again, "notes"), mends) == (text, 0)


@pytest.mark.parametrize("encoding", ["events", "notes"])
def test_every_odd_file_is_text_or_refused_with_a_reason(encoding, real):
    files = real("codeload.github.com/jazz-soft/test-midi-files/tar.gz/refs/heads/main", "*.mid")
    said = []
    for body in files:
        try:
            said.append(to_text(body, encoding).partition(" ")[0])
        except ParseError as error:
            said.append(error.message.partition(":")[0])
    assert (
        Counter(said)
        == {
            "events": {"MIDI": 51, "not MIDI": 17, "empty": 1, "truncated": 1},
            "notes": {"notes": 50, "no grid": 1, "not MIDI": 17, "empty": 1, "truncated": 1},
        }[encoding]
    )
