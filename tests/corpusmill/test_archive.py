import io
import lzma
import random
import re
import struct
import subprocess
import sys
import tarfile
from collections import Counter
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpusmill import archive
from corpusmill.archive import Limits
from corpusmill.errors import ContentError, TooLargeError
from tests.corpusmill.archives import (
    END,
    FILES,
    PACKERS,
    WHOLE,
    Dribble,
    entry,
    header,
    listing,
    local,
    padded,
    pax,
    read,
    tar,
    zipped,
)

FORMATS = {"v7": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
LONG = {"mill/" + "wheel/" * 50 + "stone.txt": b"turns", "müll.txt": b"grinds"}


@pytest.fixture(autouse=True, scope="module")
def empty_folder(tmp_path_factory):
    """Nothing that is read here ever leaves a file behind."""
    folder = tmp_path_factory.mktemp("empty")
    with chdir(folder):
        yield
    assert not list(folder.iterdir())


# What is whole


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("stream", [io.BytesIO, Dribble])
def test_files_are_given_in_order_and_what_is_no_file_is_passed_over_and_counted(name, stream):
    passed = Counter()
    assert read(WHOLE[name], stream, passed=passed) == list(FILES.items())
    assert passed == {"folder": 1, "link": 1}
    assert archive.check(stream(WHOLE[name])) == {"file": 4, "folder": 1, "link": 1}


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_every_format_of_tar_is_read_and_its_long_names(format_):
    files = FILES if format_ == tarfile.USTAR_FORMAT else FILES | LONG
    assert read(tar(files, format_)) == list(files.items())


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("content", [b"", b"one file", bytes(3 << 20), random.Random(1).randbytes(300_000)])
def test_a_single_packed_file_is_one_member_without_a_name(kind, content):
    assert read(PACKERS[kind](content)) == [("", content)]
    assert read(PACKERS[kind](content), wanted=lambda _: False) == []


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("stream", [io.BytesIO, Dribble])
def test_streams_after_one_another_are_all_read(kind, stream):
    pack = PACKERS[kind]
    assert read(pack(b"grist, ") + pack(b"") + pack(b"corn"), stream) == [("", b"grist, corn")]
    assert read(pack(tar()[:700]) + pack(tar()[700:]), stream) == list(FILES.items())


@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_zeros_may_fill_up_what_follows_a_stream(kind):
    one, two = PACKERS[kind](b"grist, "), PACKERS[kind](b"corn")
    assert read(one + bytes(512) + two + bytes(100_000)) == [("", b"grist, corn")]


def test_a_frame_of_zstd_that_is_to_be_skipped_is():
    skipped = struct.pack("<2L", 0x184D2A50, 5) + b"table"
    assert read(PACKERS["zstd"](b"grist") + skipped) == [("", b"grist")]


def test_what_is_not_wanted_is_asked_for_by_name_and_not_given():
    asked = []
    for body in (tar(), zipped()):
        assert read(body, wanted=lambda name: asked.append(name) or name == "c") == [("c", FILES["c"])]
    assert asked == [*FILES, *FILES]


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (entry(magic=bytes(8)), [("mill.txt", b"grist")]),
        (entry(type_=b"\0"), [("mill.txt", b"grist")]),
        (entry(type_=b"7"), [("mill.txt", b"grist")]),
        (entry(prefix=b"old/mills"), [("old/mills/mill.txt", b"grist")]),
        (entry(prefix=b"access time", magic=b"ustar  \0"), [("mill.txt", b"grist")]),
        (entry(b"n" * 100), [("n" * 100, b"grist")]),
        (header(size_field=b"\x80" + (5).to_bytes(11, "big")) + padded(b"grist"), [("mill.txt", b"grist")]),
        (header(size_field=b"          5 ") + padded(b"grist"), [("mill.txt", b"grist")]),
        (header(b"mill.txt", size_field=bytes(12)), [("mill.txt", b"")]),
        (entry(b"m\xfcll\xff", signed=True), [("m\\xfcll\\xff", b"grist")]),
        (pax({b"path": b"p"}) + entry(), [("p", b"grist")]),
        (pax({b"path": b"p", b"size": b"5"}) + header() + padded(b"grist"), [("p", b"grist")]),
        (pax({b"path": b""}) + entry(), [("mill.txt", b"grist")]),
        (pax({b"comment": b"\n" * 9, b"path": b"p"}) + entry() + entry(b"q"), [("p", b"grist"), ("q", b"grist")]),
        (pax({b"comment": b"git"}, b"g") + entry(), [("mill.txt", b"grist")]),
        (entry(b"long", b"l" * 300 + b"\0", b"L") + entry(), [("l" * 300, b"grist")]),
        (entry(b"long", b"l\0", b"L") + pax({b"path": b"p"}) + entry(), [("p", b"grist")]),
        (pax({b"path": b"p"}) + entry(b"long", b"l\0", b"L") + entry(), [("p", b"grist")]),
        (entry(b"long", b"l" * 300, b"K") + header(type_=b"2") + entry(), [("mill.txt", b"grist")]),
        (header(b"link", 999, b"1") + header(b"folder", 999, b"5") + entry(), [("mill.txt", b"grist")]),
        (header(b"tty", 0, b"3") + header(b"sda", 0, b"4") + header(b"fifo", 0, b"6"), []),
        (entry(b"folder/", type_=b"\0") + entry(b"label", b"", b"V") + entry(b"dump", b"x", b"D"), []),
    ],
)  # fmt: skip
def test_tar_is_read_as_others_write_it(body, members):
    for end in (END, bytes(10240)):
        assert read(body + end) == members


@pytest.mark.parametrize("map_", [[b"\1"], [b"\1", b"\0"]])
def test_a_sparse_file_that_nobody_wants_is_passed_over(map_):
    first = bytearray(header(b"holes", 5, b"S"))
    first[482] = 1
    first[148:156] = b"%06o\0 " % (sum(first[:148]) + sum(first[156:]) + 8 * 32)
    blocks = b"".join(bytes(504) + more + bytes(7) for more in map_[1:] or [b"\0"])
    old = bytes(first) + (bytes(504) + b"\1" + bytes(7)) * (len(map_) - 1) + blocks + padded(b"grist")
    new = pax({b"GNU.sparse.major": b"1", b"GNU.sparse.name": b"holes"}) + entry(b"GNUSparseFile.1/holes")
    for sparse in (old, new):
        body = sparse + entry() + END
        assert read(body, wanted=lambda name: name != "holes") == [("mill.txt", b"grist")]
        with pytest.raises(ContentError, match="corrupt archive: member 'holes' is sparse, a kind not read here"):
            read(body)


# Names are data


NAMES = [
    (b"../../etc/passwd", "../../etc/passwd"),
    (b"/etc/passwd", "/etc/passwd"),
    (b"C:\\windows\\x", "C:\\windows\\x"),
    (b"con", "con"),
    (b"-rf *", "-rf *"),
    (b"a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f"),
    ("müll ☃ 🌾".encode(), "müll ☃ 🌾"),
    (b"m\xfcll", "m\\xfcll"),
    (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ("\x85".encode(), "\\x85"),
    (b"n" * 300, "n" * 300),
]


@pytest.mark.parametrize(("raw", "name"), NAMES)
def test_a_name_is_data_and_no_path(raw, name):
    assert read(pax({b"path": raw}) + entry() + END) == [(name, b"grist")]


def test_a_nul_in_a_pax_name_does_not_end_it():
    assert read(pax({b"path": b"a\0b"}) + entry() + END) == [("a\\x00b", b"grist")]


@pytest.mark.parametrize(("flag", "name"), [(0, "mⁿll"), (0x800, "m\\xfcll")])
def test_a_name_in_a_zip_is_utf_8_if_it_says_so_and_else_of_dos(flag, name):
    body = bytearray(zipped({"m_ll": b"grist"}).replace(b"m_ll", b"m\xfcll"))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = body.index(mark)
        struct.pack_into("<H", body, start + place, flag)
    assert read(bytes(body)) == [(name, b"grist")]


PARTS = [
    b"..",
    b"/",
    b"\0",
    b"\\",
    b"\n",
    b"\x1b[31m",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc2\x85",
    b"\xe2\x80\xae",
    b"a",
    b"%",
]


def _named(raw: bytes) -> bytes:
    """A zip archive of one member with this name."""
    return listing(local(raw, b"grist"), (raw, b"grist", 0))


NAMED = {
    "header": lambda raw: entry(raw[:100]) + END,
    "pax": lambda raw: pax({b"path": raw}) + entry() + END,
    "gnu": lambda raw: entry(b"long", raw, b"L") + entry() + END,
    "zip": _named,
}


@settings(max_examples=500)
@given(
    st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map(b"".join), min_size=10, max_size=10),
    st.sampled_from(["header", "pax", "gnu", "zip"]),
)
@example([b"PK\3\4", b"BZh91AY&SY", b"\0", b"/"], "header")
def test_any_name_becomes_text_that_can_be_stored_and_shown(raws, where):
    for raw in raws:
        try:
            found = read(NAMED[where](raw))
        except ContentError as error:
            assert "no name" in error.message
            continue
        for name, content in found:
            assert content == b"grist"
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", name)
            name.encode()


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="/"), min_size=1),
        st.binary(max_size=2000),
        max_size=5,
    ),
    st.sampled_from(["gnu", "pax", "zip", *PACKERS]),
)
def test_what_others_write_comes_back_as_it_was(files, how):
    body = zipped(files) if how == "zip" else tar(files, FORMATS.get(how, tarfile.PAX_FORMAT))
    assert dict(read(PACKERS[how](body) if how in PACKERS else body)) == files


# What it costs


MEMORY = """
import lzma, sys
from corpusmill import archive
from tests.peak import peak
before = peak()
wanted = {"all": lambda _: True, "none": lambda _: False}[sys.argv[2]]
with open(sys.argv[1], "rb") as stream:
    size = sum(len(body) for _, body in archive.members(stream, wanted=wanted))
print(size, peak() - before)
"""


@pytest.mark.parametrize(("wanted", "size"), [("all", 200 << 20), ("none", 0)])
def test_an_archive_far_larger_than_memory_allows_is_walked_in_little_of_it(bomb, wanted, size):
    command = [sys.executable, "-c", MEMORY, str(bomb), wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    found, grown = map(int, done.stdout.split())
    assert found == size
    assert grown < 64 << 20


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """200 MB of zeros in a tar.xz of 30 kB."""
    packer = lzma.LZMACompressor(preset=0)
    path = tmp_path_factory.mktemp("bomb") / "bomb.tar.xz"
    with path.open("wb") as file:
        for n in range(20):
            file.write(packer.compress(entry(b"%d" % n, bytes(10 << 20))))
        file.write(packer.compress(END) + packer.flush())
    return path


@pytest.mark.parametrize("kind", PACKERS)
def test_very_many_tiny_streams_take_time_in_proportion(kind):
    assert read(PACKERS[kind](b"x") * 5000) == [("", b"x" * 5000)]


def test_a_block_of_zstd_that_repeats_one_byte_is_unpacked_piece_by_piece():
    blocks = b"".join(struct.pack("<L", (1 << 17) << 3 | 1 << 1 | last)[:3] + b"x" for last in (0,) * 999 + (1,))
    body = b"\x28\xb5\x2f\xfd\x00\x58" + blocks
    assert max(map(len, archive.codec.unpacked("zstd", body, io.BytesIO(), Limits()))) <= 17 << 20
    assert sum(map(len, archive.codec.unpacked("zstd", body, io.BytesIO(), Limits()))) == 1000 << 17
    with pytest.raises(TooLargeError):
        read(body, limits=Limits(total=1 << 20))
