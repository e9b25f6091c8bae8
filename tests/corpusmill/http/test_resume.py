import contextlib
import gzip
import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import Retry

from corpusmill.errors import ContentError, TruncatedError
from corpusmill.http import Limits
from corpusmill.store.ids import sha256
from tests.corpusmill.http.bodies import ZIP
from tests.corpusmill.http.clients import NEVER, quick
from tests.corpusmill.http.server import Server, Talk, head, missing, moves

BODIES = [random.Random(n).randbytes(20_000) for n in range(3)]  # a file, and what it is changed into
OFFSETS = [*random.Random(7).sample(range(1, 20_000), 98), 1, 19_999]
PATIENT = Retry(9, backoff_factor=0, raise_on_status=False)


@dataclass
class File:
    """A file on a host that cuts its answers short and answers for a part in its own way."""

    way: str = "206"
    cuts: list[int] = field(default_factory=list)  # bytes of the body that each answer stops after
    versions: list[int] = field(default_factory=lambda: [0])  # which body each answer is of, the last for good
    answers: int = 0

    @property
    def version(self) -> int:
        return self.versions[min(self.answers, len(self.versions) - 1)]

    @property
    def labels(self) -> tuple[str, ...]:
        if self.way == "date":
            return f"Last-Modified: Mon, 1{self.version} Jan 2024 00:00:00 GMT", "Date: Tue, 13 Jan 2026 00:00:00 GMT"
        weak = "W/" if self.way == "weak" else ""
        return () if self.way == "unnamed" else (f'ETag: {weak}"{self.version}"',)

    @property
    def sent(self) -> bytes:
        body = BODIES[self.version]
        return gzip.compress(body, mtime=0) if self.way == "gzip" else body

    def __call__(self, talk: Talk) -> None:
        asked = talk.asked.headers.get("range", "").removeprefix("bytes=").removesuffix("-")
        lines, whole = (*self.labels, *((ZIP,) if self.way == "gzip" else ())), self.sent
        current = any(line.endswith(f": {talk.asked.headers.get('if-range')}") for line in self.labels)
        ways = {"wrong start", "wrong total", "wrong end", "wrong unit", "no range", "lie", "re-encoded", "416"}
        if asked and self.way in ways | {"206", "gzip", "date"} and (current or self.way == "lie"):
            status, more, rest = self.part(int(asked), whole)
            answer = head(f"Content-Length: {len(rest)}", *lines, *more, status=status), rest
        else:
            answer = head(f"Content-Length: {len(whole)}", *lines), whole
        cut = self.cuts[self.answers] if self.answers < len(self.cuts) else len(whole)
        self.answers += 1
        talk.send(answer[0], answer[1][:cut])

    def part(self, start: int, whole: bytes) -> tuple[str, tuple[str, ...], bytes]:
        """Status, headers and body of an answer for the bytes from `start` on."""
        size = len(whole)
        if self.way == "416":
            return "416 Range Not Satisfiable", (f"Content-Range: bytes */{size}",), b""
        if self.way == "re-encoded":
            whole = gzip.compress(whole)
            return "206 P", (ZIP, f"Content-Range: bytes {start}-{len(whole) - 1}/{len(whole)}"), whole[start:]
        named, rest = {
            "wrong start": (f"bytes {start - 1}-{size - 1}/{size}", whole[start - 1 :]),
            "wrong total": (f"bytes {start}-{size}/{size + 1}", whole[start:] + b"x"),
            "wrong end": (f"bytes {start}-{size - 2}/{size}", whole[start:-1]),
            "wrong unit": (f"lines {start}-{size - 1}/{size}", whole[start:]),
            "no range": ("", whole[start:]),
        }.get(self.way, (f"bytes {start}-{size - 1}/{size}", whole[start:]))
        return "206 Partial Content", (f"Content-Range: {named}",) if named else (), rest


def hosting(files: dict[str, File]) -> Server:
    return Server({"/robots.txt": missing, **files})


def ranges(server: Server) -> list[str]:
    return [asked.headers["range"] for asked in server.asked if "range" in asked.headers]


# way -> whether a part is asked for and taken, and whether the answer for it may be an error instead
WAYS = {
    "206": (True, True),
    "date": (True, True),
    "gzip": (True, True),
    "416": (True, False),
    "200": (True, False),
    "wrong start": (True, False),
    "wrong total": (True, False),
    "wrong end": (True, False),
    "wrong unit": (True, False),
    "no range": (True, False),
    "re-encoded": (True, False),
    "weak": (False, False),
    "unnamed": (False, False),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_body_cut_anywhere_is_gone_on_with_or_begun_anew_and_right_in_the_end(way):
    asks, resumes = WAYS[way]
    files = {f"/{offset}": File(way, [offset]) for offset in OFFSETS}
    with hosting(files) as server:
        client = quick(PATIENT)
        for path in files:
            fetched = client.get(f"{server.address}{path}")
            assert fetched.record.sha256 == sha256(BODIES[0]) == sha256(fetched.read()), path
    assert len(ranges(server)) == (100 if asks else 0)
    assert client.tally.resumed == (100 if resumes else 0)
    assert [file.answers for file in files.values()] == [3 if asks and not resumes and way != "200" else 2] * 100


@pytest.mark.parametrize("way", ["206", "lie"])
def test_a_body_that_changes_meanwhile_is_never_mixed_with_what_it_was(way):
    files = {f"/{offset}": File(way, [offset], [0, 1]) for offset in OFFSETS}
    with hosting(files) as server:
        client = quick(PATIENT)
        for path in files:
            fetched = client.get(f"{server.address}{path}")
            assert fetched.record.sha256 == sha256(BODIES[1]) == sha256(fetched.read()), path
            assert fetched.record.etag == '"1"'
    assert len(ranges(server)) == 100
    assert client.tally.resumed == 0


def test_only_what_is_missing_is_asked_for():
    with hosting({"/x": File(cuts=[5000, 5000, 5000])}) as server:
        client = quick(Retry(1, backoff_factor=0))  # each attempt gets on, so none is counted
        assert client.get(f"{server.address}/x").read() == BODIES[0]
    assert ranges(server) == ["bytes=5000-", "bytes=10000-", "bytes=15000-"]
    assert {asked.headers.get("if-range") for asked in server.asked} == {None, '"0"'}
    assert client.tally.received == len(BODIES[0]) + len(b"<h1>Not here</h1>")


def test_what_comes_in_pieces_is_still_bounded_as_a_whole():
    with hosting({"/x": File(cuts=[5000] * 9)}) as server:
        with pytest.raises(ContentError, match="larger than 12,000"):
            quick(PATIENT, Limits(largest=12_000)).get(f"{server.address}/x")
        with pytest.raises(TruncatedError):
            quick(NEVER).get(f"{server.address}/x")


# Another process


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("offset", [2_000, 19_999])
def test_another_client_goes_on_with_a_long_body_that_was_cut(tmp_path, way, offset):
    asks, resumes = WAYS[way]
    with hosting({"/x": File(way, [offset])}) as server:
        url = f"{server.address}/x"
        with pytest.raises(TruncatedError):
            quick(parts=tmp_path).get(url)
        assert any(tmp_path.iterdir())
        client = quick(PATIENT, parts=tmp_path)
        fetched = client.get(url)
        assert fetched.record.sha256 == sha256(BODIES[0]) == sha256(fetched.read())
        assert fetched.record.url == url
        fetched.close()
    assert ranges(server) == ([f"bytes={offset}-"] if asks else [])
    assert client.tally.saved == (offset if resumes else 0)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["206", "lie"])
def test_a_part_of_a_file_that_changed_while_away_is_let_go(tmp_path, way):
    with hosting({"/x": File(way, [9_000], [0, 1])}) as server:
        with pytest.raises(TruncatedError):
            quick(parts=tmp_path).get(f"{server.address}/x")
        with contextlib.closing(quick(PATIENT, parts=tmp_path).get(f"{server.address}/x")) as fetched:
            assert (fetched.read(), fetched.record.etag) == (BODIES[1], '"1"')


def test_a_part_of_one_address_is_not_taken_for_another(tmp_path):
    other = File(versions=[1])
    with hosting({"/x": File(cuts=[9_000]), "/y": other, "/z": other}) as server:
        with pytest.raises(TruncatedError):
            quick(parts=tmp_path).get(f"{server.address}/x")
        server.answers["/x"] = moves("/z")
        for path in ("/y", "/x"):
            with contextlib.closing(quick(PATIENT, parts=tmp_path).get(f"{server.address}{path}")) as fetched:
                assert fetched.read() == BODIES[1]


@pytest.mark.parametrize("harm", ["json cut", "json gone", "part cut", "part gone", "part flipped"])
@pytest.mark.parametrize("way", ["gzip", "206"])
def test_a_part_that_came_to_harm_is_no_obstacle_for_long(tmp_path, harm, way):
    """Plain bytes have nothing that would tell of a bit that flipped on the disk; gzip has."""
    file, ending = File(way, [9_000]), ".json" if harm.startswith("json") else ".part"
    with hosting({"/x": file}) as server:
        with pytest.raises(TruncatedError):
            quick(parts=tmp_path).get(f"{server.address}/x")
        (path,) = tmp_path.glob(f"*{ending}")
        body = path.read_bytes()
        if harm.endswith("gone"):
            path.unlink()
        else:
            path.write_bytes(body[:-9] if harm.endswith("cut") else body[:99] + bytes([body[99] ^ 1]) + body[100:])
        if (harm, way) == ("part flipped", "gzip"):
            with pytest.raises(ContentError):
                quick(PATIENT, parts=tmp_path).get(f"{server.address}/x")
        with contextlib.closing(quick(PATIENT, parts=tmp_path).get(f"{server.address}/x")) as fetched:
            if (harm, way) != ("part flipped", "206"):
                assert fetched.record.sha256 == sha256(BODIES[0]) == sha256(fetched.read())


numbers = itertools.count()
WAY = st.sampled_from(
    ["206", "206", "206", "200", "416", "lie", "wrong start", "wrong total", "no range", "weak", "date"]
)


@pytest.fixture(scope="module")
def host():
    with Server({"/robots.txt": missing}) as server:
        yield server


@settings(max_examples=60)
@given(
    answers=st.lists(st.tuples(WAY, st.integers(0, 20_000), st.integers(0, 2)), max_size=8),
    patience=st.lists(st.integers(0, 3), min_size=10, max_size=10),
)
def test_whatever_happens_between_the_first_byte_and_the_last_the_body_is_one_of_the_files(
    answers, patience, host, tmp_path_factory
):
    """Way, cut and version change from answer to answer; each process gives up after its own number of attempts."""
    folder, path, todo, fetched = tmp_path_factory.mktemp("parts"), f"/{next(numbers)}", iter(answers), None

    def answer(talk):
        way, cut, version = next(todo, ("206", 20_000, 0))
        File(way, [cut], [version])(talk)

    host.answers[path] = answer
    for attempts in patience:
        with contextlib.suppress(ContentError):
            retries = Retry(attempts, backoff_factor=0, raise_on_status=False)
            fetched = quick(retries, parts=folder).get(f"{host.address}{path}")
            break
    assert fetched, "eight answers are wrong at most, and ten processes ask"
    body, record = fetched.read(), fetched.record
    fetched.close()
    assert body in BODIES
    assert record.sha256 == sha256(body)
    assert str(BODIES.index(body)) in (record.etag or record.last_modified[5:7])
