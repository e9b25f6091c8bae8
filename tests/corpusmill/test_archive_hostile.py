import errno
import io
import lzma
import random
import struct
import zlib
from contextlib import chdir

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill import archive
from corpusmill.archive import Limits
from corpusmill.errors import ContentError, StoreError, TooLargeError, TruncatedError
from tests.corpusmill.archives import (
    END,
    PACKERS,
    WHOLE,
    ZIP,
    entry,
    header,
    listing,
    local,
    patched,
    pax,
    read,
    record,
    tar,
    zip64,
    zipped,
)


@pytest.fixture(autouse=True, scope="module")
def empty_folder(tmp_path_factory):
    """Nothing that is read here ever leaves a file behind."""
    folder = tmp_path_factory.mktemp("empty")
    with chdir(folder):
        yield
    assert not list(folder.iterdir())


# What is not whole


CUTS = WHOLE | {f"a file in {kind}": pack(random.Random(2).randbytes(2000)) for kind, pack in PACKERS.items()}


@pytest.mark.parametrize("name", CUTS)
def test_no_cut_is_ever_silent(name):
    body = CUTS[name]
    whole = read(body)
    places = {*range(0, len(body), 512), *random.Random(name).sample(range(len(body)), min(len(body), 150))}
    for place in sorted(places):
        try:
            assert read(body[:place]) == whole
        except ContentError as error:
            assert place < 512 or isinstance(error, TruncatedError), (place, error)
        else:
            assert not body[place:].strip(b"\0"), place
            assert name == "tar"


def test_a_cut_tar_misses_what_ends_it():
    body = b"".join(entry(b"%d" % n) for n in range(5))
    for end, message in ((b"", "the two blocks that end"), (bytes(512), "the second block that ends")):
        with pytest.raises(TruncatedError, match=message):
            read(body + end)
    assert len(read(body + END)) == 5


def both(place: int, fields: str, value: int) -> bytes:
    """The same lie about the first member of ZIP in its directory and in the member's own header, two bytes before."""
    return patched(patched(ZIP, LISTED, place, fields, value), LOCAL, place - 2, fields, value)


SHARING = listing(local(b"a", b"grist"), (b"a", b"grist", 0), (b"b", b"grist", 0))
QUOTED = local(b"b", b"x")  # is the data of another member, and one of its own: a bomb's trick
QUOTING = listing(local(b"a", QUOTED), (b"a", QUOTED, 0), (b"b", b"x", len(local(b"a", b""))))
LOCAL, LISTED, LAST = b"PK\3\4", b"PK\1\2", b"PK\5\6"
BOMB = lzma.compress(entry(body=bytes(1 << 20)) + END)
SMALL = Limits(entries=10, member=1 << 16, total=1 << 18, extended=1 << 16)


def test_an_archive_with_a_zip64_record_is_read():
    assert read(zip64()) == read(ZIP) == [("a", b"corn " * 100), ("b", b"grist")]


HOSTILE = [
    # tar
    (entry() + END + entry(b"b") + END, ContentError, "corrupt archive: something follows the end of the tar"),
    (entry() + END + b"x", ContentError, "corrupt archive: something follows the end of the tar"),
    (entry() + bytes(512) + entry(b"b") + END, ContentError, "corrupt archive: a lone block of zeros"),
    (entry() + b"x" * 512 + END, ContentError, "corrupt archive: a tar header has a wrong checksum"),
    (entry() + entry(b"b").replace(b"644", b"645") + END, ContentError, "corrupt archive: a tar header has a wrong"),
    (header(size_field=b"\xff" * 12) + END, ContentError, "corrupt archive: b'\\xff"),
    (header(size_field=b"-0000000005\0") + END, ContentError, "corrupt archive: b'-0000000005\\x00' is no size"),
    (header(size_field=b"0x000000005\0") + END, ContentError, "corrupt archive: b'0x000000005\\x00' is no size"),
    (header(size_field=b"7" * 12) + END, TooLargeError, "too large: member 'mill.txt' has more than 65,536 bytes"),
    (header(size_field=b"\x80" + b"\xff" * 11) + END, TooLargeError, "too large: member 'mill.txt' has more than"),
    (header(size=9_000) + END, TruncatedError, "truncated archive: it ends inside member 'mill.txt'"),
    (entry(b"") + END, ContentError, "corrupt archive: a member has no name"),
    (entry() + entry() + END, ContentError, "corrupt archive: two members are named 'mill.txt'"),
    (entry(type_=b"S") + END, ContentError, "corrupt archive: member 'mill.txt' is sparse"),
    (header(type_=b"x", size=1 << 30) + END, TooLargeError, "too large: a header of 1,073,741,824 bytes"),
    (header(type_=b"g", size=1 << 30) + END, TooLargeError, "too large: a header of 1,073,741,824 bytes"),
    (header(type_=b"L", size=1 << 40 - 8) + END, TooLargeError, "too large: a header of 4,294,967,296 bytes"),
    (header(type_=b"K", size=1 << 30) + END, TooLargeError, "too large: a header of 1,073,741,824 bytes"),
    (header(type_=b"x", size=600) + END[:512], TruncatedError, "truncated archive: it ends inside a header"),
    (pax({b"mtime": b"1"}) + END, ContentError, "corrupt archive: a tar archive ends after an extended header"),
    (entry(b"pax", b"5 a=b\n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"0 a=b\n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"-6 a=b\n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"99 a=b\n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"99999999 a=b\n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"1 \n", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (entry(b"pax", b"6 a=bc", b"x") + entry() + END, ContentError, "corrupt archive: an extended header"),
    (pax({b"size": b"-5"}) + entry() + END, ContentError, "corrupt archive: b'-5' is no size"),
    (pax({b"size": b"9" * 30}) + entry() + END, ContentError, "corrupt archive: b'999"),
    (pax({b"size": b"9" * 19}) + entry() + END, TooLargeError, "too large: member 'mill.txt' has more than"),
    (b"".join(header(b"%d/" % n, type_=b"5") for n in range(11)) + END, TooLargeError, "too large: more than 10"),
    (b"".join(pax({b"comment": b"x"}, b"g") for n in range(11)) + END, TooLargeError, "too large: more than 10"),
    (b"".join(entry(b"%d" % n, bytes(50_000)) for n in range(6)) + END, TooLargeError, "too large: more than 262,144"),
    (pax({b"comment": bytes(40_000)}) * 2 + entry() + END, TooLargeError, "too large: more than 65,536 bytes of ext"),
    # packed
    (PACKERS["gzip"](b"grist") + b"garbage", ContentError, "corrupt archive: something else follows its gzip data"),
    (PACKERS["bzip2"](b"grist") + b"garbage", ContentError, "corrupt archive: something else follows its bzip2"),
    (PACKERS["bzip2"](b"grist") + bytes(9), ContentError, "corrupt archive: something else follows its bzip2"),
    (PACKERS["xz"](b"grist") + b"garbage", ContentError, "corrupt archive: something else follows its xz data"),
    (PACKERS["zstd"](b"grist") + b"garbage", ContentError, "corrupt archive: something else follows its zstd data"),
    (PACKERS["gzip"](b"grist") + b"\x1f\x8b", TruncatedError, "truncated archive: it ends in the middle of its gzip"),
    (PACKERS["gzip"](b"grist")[:-8] + bytes(8), ContentError, "corrupt archive: its gzip data is damaged: Error -3"),
    (PACKERS["gzip"](b"grist")[:-4] + bytes(4), ContentError, "corrupt archive: its gzip data is damaged: Error -3"),
    (PACKERS["bzip2"](b"grist")[:-4] + bytes(4), ContentError, "corrupt archive: its bzip2 data is damaged: Invalid"),
    (PACKERS["xz"](b"grist")[:-1] + b"\0", ContentError, "corrupt archive: its xz data is damaged: Corrupt"),
    (PACKERS["zstd"](b"grist")[:-1] + b"\0", ContentError, "corrupt archive: its zstd data is damaged: "),
    (PACKERS["gzip"](bytes(70_000)), TooLargeError, "too large: the file has more than 65,536 bytes"),
    (PACKERS["gzip"](b"") * 11, TooLargeError, "too large: more than 10 streams"),
    (BOMB, TooLargeError, "too large: more than 262,144 bytes in the archive, unpacked"),
    (b"\x28\xb5\x2f\xfd\x00\xa0" + bytes(9), TooLargeError, "too large: its zstd data takes more than 160 MiB"),
    # zip
    (ZIP + b"x", ContentError, "corrupt archive: something follows the end of the zip archive"),
    (ZIP + ZIP, ContentError, "corrupt archive: its directory is not where its last record says"),
    (b"PK\3\4 and no more", TruncatedError, "truncated archive: the directory that ends a zip archive is missing"),
    (patched(ZIP, LOCAL, 6, "<H", 1), ContentError, "encrypted: member 'a'"),
    (patched(ZIP, LISTED, 8, "<H", 1), ContentError, "encrypted: member 'a'"),
    (both(10, "<H", 12), ContentError, "corrupt archive: member 'a' is packed by method 12"),
    (patched(ZIP, LISTED, 10, "<H", 0), ContentError, "corrupt archive: member 'a' contradicts the directory"),
    (patched(ZIP, LISTED, 16, "<L", 1), ContentError, "corrupt archive: member 'a' contradicts the directory"),
    (patched(ZIP, LISTED, 24, "<L", 7), ContentError, "corrupt archive: member 'a' contradicts the directory"),
    (both(16, "<L", 1), ContentError, "corrupt archive: member 'a' has another length or CRC"),
    (both(24, "<L", 7), ContentError, "corrupt archive: member 'a' has another length or CRC"),
    (both(24, "<L", 1 << 30), TooLargeError, "too large: member 'a' has"),
    (patched(ZIP, LISTED, 46, "B", ord("b")), ContentError, "corrupt archive: member 'b' contradicts the directory"),
    (ZIP[:4] + ZIP[4:].replace(LOCAL, b"PK\3\5", 1), ContentError, "corrupt archive: member 'b' is not where the"),
    (patched(ZIP, LISTED, 42, "<L", 1 << 31), ContentError, "corrupt archive: member 'a' overlaps what follows it"),
    (patched(ZIP, LISTED, 20, "<L", 1 << 31), ContentError, "corrupt archive: member 'a' overlaps what follows it"),
    (patched(ZIP, LISTED, 20, "<L", 0xFFFFFFFF), ContentError, "corrupt archive: member 'a' overlaps what follows it"),
    (patched(ZIP, LISTED, 0, "B", 0), ContentError, "corrupt archive: its directory is damaged"),
    (patched(ZIP, LISTED, 30, "<H", 9), ContentError, "corrupt archive: its directory is"),
    (SHARING, ContentError, "corrupt archive: member 'a' overlaps what follows it"),
    (QUOTING, ContentError, "corrupt archive: member 'a' overlaps what follows it"),
    (zipped({"a": b"1", "b": b"2"}).replace(b"b", b"a"), ContentError, "corrupt archive: two members are named 'a'"),
    (patched(ZIP, LAST, 4, "<H", 1), ContentError, "corrupt archive: it is one of several parts"),
    (patched(ZIP, LAST, 10, "<H", 3), ContentError, "corrupt archive: it is one of several parts"),
    (patched(ZIP, LAST, 8, "<2H", 3, 3), ContentError, "corrupt archive: its directory is longer or shorter"),
    (patched(ZIP, LAST, 8, "<2H", 5, 5), ContentError, "corrupt archive: its directory is damaged"),
    (patched(ZIP, LAST, 8, "<2H", 65_000, 65_000), TooLargeError, "too large: more than 10 entries"),
    (patched(ZIP, LAST, 12, "<2L", 0, 0), ContentError, "corrupt archive: its directory is not where"),
    (patched(zip64(), b"PK\6\6", 32, "<Q", 10**7), ContentError, "corrupt archive: it is one of several parts"),
    (patched(zip64(), b"PK\6\6", 24, "<2Q", 10**7, 10**7), TooLargeError, "too large: more than 10 entries"),
    (patched(zip64(), b"PK\6\6", 40, "<Q", 1 << 60), ContentError, "corrupt archive: its zip64 record contradicts"),
    (patched(zip64(), b"PK\6\6", 48, "<Q", 1 << 63), ContentError, "corrupt archive: its directory is not where"),
    (patched(zip64(), b"PK\6\6", 4, "<Q", 43), ContentError, "corrupt archive: its zip64 record contradicts"),
    (patched(zip64(), b"PK\6\7", 8, "<Q", 0), ContentError, "corrupt archive: its zip64 record is not where it says"),
    (patched(zip64(), b"PK\6\7", 8, "<Q", 1 << 63), ContentError, "corrupt archive: its zip64 record is not where"),
    (zipped({str(n): bytes(50_000) for n in range(6)}), TooLargeError, "too large: more than 262,144 bytes"),
    (zipped({"a": bytes(70_000)}), TooLargeError, "too large: member 'a' has more than 65,536 bytes"),
    (zipped({"a": random.Random(3).randbytes(300_000)}), TooLargeError, "too large: more than 262,144 bytes in the"),
    # neither
    (b"", ContentError, "no archive: it is empty"),
    (b"<!-- moved --><!DOCTYPE HTML><title>Not here</title>", ContentError, "no archive: it looks like an HTML page"),
    (b'\n{"error": "no such file"}', ContentError, "no archive: it looks like JSON"),
    (b"Not Found", ContentError, "no archive: it begins with b'Not Found'"),
    (b"Rar!\x1a\x07\0", ContentError, "no archive: RAR's kind is not read here"),
    (bytes(10_240), ContentError, "no archive: it begins with nothing but zero bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error", "message"), HOSTILE, ids=[f"{n}: {row[2]}" for n, row in enumerate(HOSTILE)])
def test_a_hostile_archive_is_refused_by_name(body, error, message):
    with pytest.raises(error) as caught:
        read(body, limits=SMALL)
    assert type(caught.value) is error
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_what_nobody_wants_is_bounded_in_all_and_not_each():
    assert read(entry(body=bytes(100_000)) + END, wanted=lambda _: False, limits=SMALL) == []
    for bomb in (BOMB, zipped({"a": bytes(1 << 20)})):
        with pytest.raises(TooLargeError, match="more than 262,144 bytes in the archive, unpacked"):
            read(bomb, wanted=lambda _: False, limits=SMALL)


def test_ten_million_members_are_refused_before_they_are_listed():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += 1
            return header(b"%d/" % self.given, type_=b"5") * (1 + max(size, 0) // 512)

    with pytest.raises(TooLargeError, match="more than 10,000 entries"):
        list(archive.members(Endless(), limits=Limits(entries=10_000)))
    with pytest.raises(TooLargeError, match="more than 1,000,000 entries"):
        read(patched(zip64(), b"PK\6\6", 24, "<2Q", 10**7, 10**7))


def test_an_xz_stream_that_wants_gigabytes_to_be_unpacked_is_refused():
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0}]
    body = bytearray(lzma.compress(b"grist", filters=filters))
    assert body[16] == 12  # the size of the dictionary: 256 KiB
    body[16] = 39  # 3 GiB
    struct.pack_into("<L", body, 12 + 4 * (body[12] + 1) - 4, zlib.crc32(body[12 : 12 + 4 * (body[12] + 1) - 4]))
    with pytest.raises(TooLargeError, match="its xz data takes more than 160 MiB of memory"):
        read(bytes(body))


def test_a_full_temporary_folder_is_named(monkeypatch):
    class Full(io.BytesIO):
        def write(self, _piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda _size: Full())
    with pytest.raises(StoreError, match="No space left on device: free some space there"):
        read(zipped())


# Any bytes at all


TINY = [
    tar({"a": b"grist"})[:3072] + END,
    pax({b"path": b"p", b"size": b"5"}) + entry() + entry(b"long", b"l\0", b"L") + entry() + END,
    zipped({"a": b"grist", "b": b"corn " * 9}),
    zip64(),
    *(pack(entry() + END) for pack in PACKERS.values()),
    *(pack(b"grist") * 2 for pack in PACKERS.values()),
]


@settings(max_examples=1000)
@given(st.integers(0, 2**64), st.sampled_from(TINY))
def test_a_changed_archive_gives_members_or_an_error_of_ours(seed, body):
    chance = random.Random(seed)
    for _ in range(10):
        changed = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            place = chance.randint(0, len(changed))
            changed[place : place + chance.choice([0, 1, 1, 4, 512])] = chance.randbytes(chance.choice([0, 1, 1, 4]))
        harmless(bytes(changed))


@settings(max_examples=300)
@given(st.integers(0, 2**64))
def test_a_tar_header_of_any_bytes_does_no_harm(seed):
    chance = random.Random(seed)
    for type_ in b"01234567xgLKSXVDM\0?":
        block = bytearray(header(b"a", 600, bytes([type_])))
        for place in chance.choices([*range(148), *range(157, 512)], k=chance.randint(0, 9)):
            block[place] = chance.choice(b"\0 17a\x80\xff")
        block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 8 * 32)
        harmless(bytes(block) + record(b"path", b"p") + chance.randbytes(1013) + entry() + END)


def harmless(body: bytes) -> None:
    try:
        found = read(body, limits=SMALL)
    except ContentError as error:
        assert error.hint
    else:
        assert len(found) <= SMALL.entries
        assert sum(len(content) for _, content in found) <= SMALL.total
