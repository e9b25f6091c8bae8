import json

import pytest
from hypothesis import given, settings

from corpusmill.errors import ParseError
from preprocess.parse import lyrics
from preprocess.parse.lyrics import Options, parse
from tests.preprocess.parse.hostile import spoiled, survives
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
        ("Versuri Alt - Moaratrimise de Ada.Roata", "Versuri Alt - Moaratrimise de Ada.Roata"),
        ("Roata\r\nRoata", "Roata\nRoata"),
    ],
)
def test_heading_and_sender_are_removed(written, text):
    (song,) = read(SONG | {"lyrics": written})
    assert song.text == text


def test_a_song_has_title_artist_and_the_id_of_its_key():
    song, again, other = read(SONG, SONG | {"lyrics": "alta"}, SONG | {"href": None})
    assert (song.title, song.author, song.meta) == (
        "Moara",
        "Ana & Pop",
        {"artist": "Ana &amp; Pop", "href": "https://mill.example/moara"},
    )
    assert song.id == again.id != other.id


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


@pytest.mark.parametrize(("body", "message"), [(b"{}", "not songs: "), (b"Not Found", "not JSON: "), (b"", "empty: ")])
def test_a_file_that_is_no_list_of_songs_is_refused(body, message):
    with pytest.raises(ParseError, match=f"^{message}"):
        list(parse(raw_file("file:a"), body, Options(kind="lyrics")))


@settings(max_examples=60, deadline=None)
@given(spoiled(json.dumps([SONG, SONG | {"title": 4}]).encode(), b"[", b'"', b"{", b"\\ud83c", b"null", b"&#0;"))
def test_only_a_parse_error_escapes(body):
    survives(lyrics, body, Options(kind="lyrics", heading="Versuri {artist}", sender="de"))
