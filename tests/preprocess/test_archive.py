import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.errors import ParseError
from preprocess import archive

FILES = {"a.json": b"[]", "folder/b.json": b"corn " * 1000}


def packed(files=FILES, method=zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return body.getvalue()


def patched(body: bytes, offset: int, fields: str, *values: int) -> bytes:
    """Overwrite fields of the first entry of the central directory."""
    out = bytearray(body)
    struct.pack_into(fields, out, body.index(b"PK\x01\x02") + offset, *values)
    return bytes(out)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_in_order_and_folders_passed_over(method):
    body = packed({"folder/": b""} | FILES, method)
    assert archive.is_zip(body)
    assert dict(archive.members(body)) == FILES


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\nb", "con"])
def test_a_name_is_data_and_no_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [content for _, content in archive.members(packed({name: b"text"}))] == [b"text"]
    assert not list(tmp_path.iterdir())


GOOD = packed()
BOMB = packed({f"{n}": bytes(1 << 20) for n in range(8)})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"PK\x03\x04 and no more", "corrupt archive: File is not a zip file"),
        (GOOD[: len(GOOD) // 2], "corrupt archive: "),
        (GOOD.replace(zlib.compress(FILES["folder/b.json"])[2:9], b"\xff" * 7), "corrupt archive: "),
        (patched(GOOD, 16, "<L", 1), "corrupt archive: Bad CRC-32"),
        (patched(GOOD, 8, "<H", 1), "encrypted: member 'a.json'"),
        (patched(GOOD, 10, "<H", 12), "corrupt archive: member 'a.json' is packed by method 12"),
        (patched(GOOD, 24, "<L", 0xFFFFFFF0), "too large: 2 members of 42949"),
        (BOMB, "too large: 8 members of 8388608 bytes in all"),
        (packed({f"{n}": b"" for n in range(archive.MEMBERS + 1)}, zipfile.ZIP_STORED), "too large: 10001 members"),
    ],
)
def test_a_bad_archive_is_a_parse_error(body, message):
    with pytest.raises(ParseError) as caught:
        list(archive.members(body, limit=1 << 20))
    assert caught.value.message.startswith(message)


def test_a_member_never_inflates_beyond_what_the_directory_says():
    lying = patched(packed({"bomb": bytes(1 << 20)}), 24, "<L", 10)
    with pytest.raises(ParseError, match="corrupt archive: Bad CRC-32"):
        list(archive.members(lying))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_any_changed_byte_gives_members_or_a_parse_error(place, byte):
    body = bytearray(GOOD)
    body[place] = byte
    try:
        assert len(list(archive.members(bytes(body)))) <= len(FILES)
    except ParseError as error:
        assert error.hint
