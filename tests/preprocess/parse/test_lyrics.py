import json

import pytest

from corpusmill.errors import ParseError
from preprocess.parse.lyrics import Options, parse
from tests.preprocess.snapshots import raw_file

SONG = {"title": "Moara", "author": "Ana &amp; Pop", "href": "https://mill.example/moara", "lyrics": "Roata"}
OPTIONS = {"artist": "author", "key": "href", "heading": "Versuri {artist} - {title}", "sender": "trimise de"}


def read(*songs, **options):
    body = json.dumps(songs).encode()
    return list(parse(raw_file("https://mill.example/a.json"), body, Options(kind="lyrics", **OPTIONS | options)))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Versuri Ana &amp; Pop - Moaratrimise de Morar22.Roata \n\n\n\nse&icirc;nv&acirc;rte ", "Roata\n\nseînvârte"),
        ("Versuri Ana &amp; Pop - Moaratrimise de Ada,a contribuit şi Dan.1. Roata", "1. Roata"),
        ("Versuri Ana &amp; Pop - Moaratrimise de Ada M. Pop.Roata", "Roata"),
        ("Versuri Ana &amp; Pop - Moaratrimise de Ada M.Roata", "Roata"),
        ("Versuri Ana &amp; Pop - Moaratrimise de Ada.. Roata", "Roata"),
        ("Versuri Ana &amp; Pop - MoaraRoata se-nvarte", "Roata se-nvarte"),
        ("Versuri Alt - Moaratrimise de Ada.Roata", "Roata"),
        ("Roata\nVersuri Trimise de Ada pe mill.example\nPiatra", "Roata\nPiatra"),
        ("Versuri Ana &amp; Pop - Moaratrimise de Ada\nRoata", "Roata"),
        ("Roata\r\nRoata", "Roata\nRoata"),
    ],
)
def test_heading_and_sender_are_removed(written, text):
    (song,) = read(SONG | {"lyrics": written})
    assert song.text == text


def test_a_song_has_title_artist_and_the_id_of_its_key():
    song, again, other = read(SONG, SONG | {"lyrics": "alta"}, SONG | {"href": None})
    assert again.reason == "same song: as #0"
    assert (song.title, song.author, song.meta) == (
        "Moara",
        "Ana & Pop",
        {"artist": "Ana & Pop", "href": "https://mill.example/moara"},
    )
    assert song.id != other.id


@pytest.mark.parametrize(
    ("song", "reason"),
    [
        (SONG | {"lyrics": " "}, "no song: no words"),
        (SONG | {"lyrics": 3}, "no song: no text in its field 'lyrics'"),
        ({}, "no song: no text in its field 'lyrics'"),
        ("words", "no song: no text in its field 'lyrics'"),
    ],
)
def test_an_entry_without_words_is_a_drop(song, reason):
    (result,) = read(song)
    assert result.reason == reason


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "not a list: "),
        (b"[" + b"{}," * 1001 + b"{}]", "not songs: "),
        (b"Not Found", "not a list: "),
        (b"", "empty: "),
    ],
)
def test_a_file_that_is_no_list_of_songs_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        list(parse(raw_file("file:a"), body, Options(kind="lyrics")))
