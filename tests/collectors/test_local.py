import os
import platform
import sysconfig
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from collectors import local
from corpusmill import spec
from corpusmill.errors import CollectError, ContentError, SpecError
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile
from tests import needs


class Nothing:
    """An intake that is asked for nothing, and keeps what it is given."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, record: RawFile, body: bytes) -> RawFile:
        self.bodies[record.url] = body
        return record


def options(**table) -> local.Options:
    return spec.options(local.Options, table, "p.toml", "source")


def names(**table) -> list[str]:
    return [record.url for record, _ in local.collect(options(**table), Nothing())]


@pytest.fixture
def folder(tmp_path):
    """A folder of texts, with what must be left out of it."""
    root = tmp_path / "my poems"
    for name in ("b.txt", "a.txt", "deep/er/c.txt", "deep/d.md", "é ü.txt", ".hidden.txt", ".git/e.txt", "z/.f/g.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}", encoding="utf-8")
    return root


def test_a_file_is_taken_as_it_is_under_its_own_name(folder):
    intake = Nothing()
    ((record, total),) = local.collect(options(path=str(folder / "a.txt")), intake)
    body = intake.bodies["file:a.txt"]
    assert (record.url, record.final_url, record.status) == ("file:a.txt", "file:a.txt", 200)
    assert (record.sha256, record.bytes, total) == (sha256(body), len(body), 1)
    assert body == b"text of a.txt"
    assert (record.media_type, record.robots) == ("text/plain", "local file")


def test_a_files_last_change_is_recorded_in_utc(folder):
    os.utime(folder / "a.txt", (0, 86_400))
    ((record, _),) = local.collect(options(path=str(folder / "a.txt")), Nothing())
    assert record.last_modified == "1970-01-02T00:00:00+00:00"


def test_a_folder_gives_its_files_in_the_order_of_their_paths_and_nothing_hidden(folder):
    assert names(path=str(folder)) == [
        "file:a.txt",
        "file:b.txt",
        "file:deep/d.md",
        "file:deep/er/c.txt",
        "file:%C3%A9%20%C3%BC.txt",
    ]


@pytest.mark.parametrize(
    ("patterns", "taken"),
    [
        ({"include": ["*.md"]}, ["file:deep/d.md"]),
        ({"include": ["*.txt"], "exclude": ["deep/*", "é*"]}, ["file:a.txt", "file:b.txt"]),
        ({"include": ["a.*", "*/c.txt"]}, ["file:a.txt", "file:deep/er/c.txt"]),
        ({"include": ["A.txt"]}, []),
        ({"include": []}, []),
        ({"exclude": ["*"]}, []),
        ({"include": ["[ab].txt"]}, ["file:a.txt", "file:b.txt"]),
    ],
)
def test_patterns_say_which_files_of_a_folder_are_taken(folder, patterns, taken):
    assert names(path=str(folder), **patterns) == taken


def test_every_file_is_given_with_how_many_there_are(folder):
    assert {total for _, total in local.collect(options(path=str(folder)), Nothing())} == {5}


def test_links_are_not_followed_and_loops_end(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("private", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "broken.txt").symlink_to(tmp_path / "nowhere")
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "elsewhere").symlink_to(tmp_path)
    assert len(names(path=str(folder))) == 5


def test_the_path_that_is_named_may_itself_be_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "link.txt").symlink_to(folder / "a.txt")
    assert len(names(path=str(tmp_path / "link"))) == 5
    assert names(path=str(tmp_path / "link.txt")) == ["file:link.txt"]


def test_what_is_neither_file_nor_folder_is_passed_over(folder):
    os.mkfifo(folder / "pipe.txt")
    assert len(names(path=str(folder))) == 5


def test_a_hidden_file_or_folder_that_is_named_itself_is_taken(folder):
    assert names(path=str(folder / ".hidden.txt")) == ["file:.hidden.txt"]
    assert names(path=str(folder / ".git")) == ["file:e.txt"]


def test_a_name_that_is_not_utf8_is_kept_byte_for_byte(folder):
    name = b"po\xe8mes \xff.txt"
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (url,) = names(path=str(folder), include=["po*"])
    assert unquote_to_bytes(url) == b"file:" + name
    assert url.isascii()


def test_an_empty_file_in_a_folder_is_taken_and_one_that_is_named_is_refused(folder):
    (folder / "a.txt").write_bytes(b"")
    assert "file:a.txt" in names(path=str(folder))
    with pytest.raises(ContentError, match=r"a\.txt is empty: name a file with text in it"):
        names(path=str(folder / "a.txt"))


def test_an_empty_folder_gives_nothing(tmp_path):
    assert names(path=str(tmp_path)) == []


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CollectError, match=f"{tmp_path}/nowhere does not exist: check the path"):
        names(path=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("forbidden", ["deep/d.md", "deep/er"])
def test_a_file_or_folder_that_may_not_be_read_is_named_and_never_left_out_in_silence(folder, forbidden):
    with needs.ordinary_user(folder):
        (folder / forbidden).chmod(0)
        with pytest.raises(CollectError, match=f"{forbidden}: Permission denied: make it readable or exclude it"):
            names(path=str(folder))
        assert len(names(path=str(folder), exclude=[forbidden, f"{forbidden}/*"])) == 4
        (folder / forbidden).chmod(0o755)


def test_a_hidden_folder_that_may_not_be_read_does_not_matter(folder):
    with needs.ordinary_user(folder):
        (folder / ".git").chmod(0)
        assert len(names(path=str(folder))) == 5
        (folder / ".git").chmod(0o755)


def test_the_library_is_that_of_the_running_python():
    intake = Nothing()
    got = list(
        local.collect(
            options(library=True, include=["json/*.py", "this.py"], exclude=["site-packages/*", "test/*"]), intake
        )
    )
    assert [record.url for record, _ in got] == [
        "stdlib:json/__init__.py",
        "stdlib:json/decoder.py",
        "stdlib:json/encoder.py",
        "stdlib:json/scanner.py",
        "stdlib:json/tool.py",
        "stdlib:this.py",
    ]
    assert intake.bodies["stdlib:this.py"] == Path(sysconfig.get_path("stdlib"), "this.py").read_bytes()


def test_the_origin_says_which_python_or_which_place(tmp_path, monkeypatch):
    assert local.origin(options(library=True)) == (
        f"{platform.python_implementation()} {platform.python_version()} standard library"
    )
    monkeypatch.chdir(tmp_path)
    assert local.origin(options(path="poems")) == str(tmp_path / "poems")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "p.toml: source: give either path or library = true: one of the two says where the files are"),
        ({"path": ""}, "p.toml: source: give either path or library = true: one of the two says where the files are"),
        ({"path": "a", "library": True}, "p.toml: source: give either path or library = true: one of the two"),
        ({"paht": "a"}, "p.toml: unknown key 'source.paht': did you mean path?"),
        ({"path": "a", "include": "*.py"}, "p.toml: source.include: Expected `array`, got `str`: mend the value"),
        ({"library": "yes"}, "p.toml: source.library: Expected `bool`, got `str`: mend the value"),
    ],
)
def test_a_wrong_source_is_refused(table, message):
    with pytest.raises(SpecError) as caught:
        options(**table)
    assert str(caught.value).startswith(message)
