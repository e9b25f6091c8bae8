import io

import pytest

from collectors import archive, collect
from corpusmill import spec
from corpusmill.errors import ContentError, DeferredError, SpecError, TooLargeError, TruncatedError
from corpusmill.http import Client, Fetched, Network
from corpusmill.store import blobs
from corpusmill.store.ids import sha256
from corpusmill.types import Corpus, RawFile
from tests.corpusmill.archives import PACKERS, tar, zipped

URL, OTHER = "https://host/mill.tar.xz", "https://host/mill.zip"
WHOLE = PACKERS["xz"](tar())


class Web:
    """Answers with one body, its record as an intake gives it."""

    def __init__(self, *bodies: bytes, unchanged: bool = False, recalled: bool = False, status: int = 200) -> None:
        self.bodies = list(bodies)
        self.unchanged, self.recalled, self.status = unchanged, recalled, status
        self.asked: list[tuple[str, bool]] = []

    def get(self, url: str, *, anew: bool = False) -> Fetched:
        self.asked.append((url, anew))
        body = self.bodies.pop(0)
        record = RawFile(url=url, final_url=url, status=self.status, sha256=sha256(body), bytes=len(body))
        headers = {} if self.recalled and not anew else {"content-type": "application/octet-stream"}
        return Fetched(record, self.unchanged, headers, lambda: io.BytesIO(body))

    def each(self, urls: list[str]):
        return map(self.get, urls)


def options(**table) -> archive.Options:
    return spec.options(archive.Options, {"urls": [URL]} | table, "p.toml", "source")


def collected(web: Web, **table) -> list[tuple[str, int]]:
    return [(record.url, total) for record, total in archive.collect(options(**table), web)]


def test_each_archive_is_fetched_once_and_counted():
    web = Web(WHOLE, zipped())
    assert collected(web, urls=[URL, OTHER, URL]) == [(URL, 2), (OTHER, 2)]
    assert web.asked == [(URL, False), (OTHER, False)]
    assert archive.origin(options(urls=[URL, OTHER])) == URL


def test_a_plain_file_beside_the_archives_is_taken_as_it_is():
    web = Web(WHOLE, b"Title: Gruel")
    assert collected(web, beside=["https://host/gruel.mmf"]) == [(URL, 2), ("https://host/gruel.mmf", 2)]
    with pytest.raises(SpecError, match="is not an http address"):
        options(beside=["gruel.mmf"])


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (WHOLE[:-40], TruncatedError, "truncated archive: it ends in the middle of its xz data"),
        (tar()[:2048], TruncatedError, "truncated archive: the two blocks that end a tar archive are missing"),
        (zipped()[:-1], TruncatedError, "truncated archive: the directory that ends a zip archive is missing"),
        (WHOLE + b"garbage", ContentError, "corrupt archive: something else follows its xz data: b'garbage'"),
        (b"<!doctype html><title>Moved</title>", ContentError, "no archive: it looks like an HTML page"),
        (b"", ContentError, "no archive: it is empty"),
        (tar({})[:1024] + bytes(1024), ContentError, "empty: the archive holds no file"),
    ],
)
def test_what_is_no_whole_archive_is_refused_and_its_address_named(body, error, message):
    web = Web(body)
    with pytest.raises(ContentError) as caught:
        collected(web)
    assert type(caught.value) is error
    assert caught.value.message == f"{URL}: {message}"
    assert caught.value.hint
    assert web.asked == [(URL, False)]


def test_what_an_archive_may_cost_is_bounded(monkeypatch):
    monkeypatch.setattr("corpusmill.archive.check", lambda body: (_ for _ in ()).throw(TooLargeError("too large: x")))
    with pytest.raises(TooLargeError, match=f"{URL}: too large: x"):
        collected(Web(WHOLE))


def test_an_archive_that_has_not_changed_is_not_read_again():
    assert collected(Web(b"not looked at", unchanged=True)) == [(URL, 1)]


def test_one_that_is_gone_is_passed_on_as_gone():
    assert collected(Web(b"", status=404)) == [(URL, 1)]


def test_a_bad_one_kept_by_an_unfinished_collect_is_fetched_anew():
    web = Web(WHOLE[:-40], WHOLE, recalled=True)
    assert collected(web) == [(URL, 1)]
    assert web.asked == [(URL, False), (URL, True)]
    with pytest.raises(TruncatedError):
        collected(Web(WHOLE[:-40], WHOLE[:-40], recalled=True))


@pytest.mark.parametrize("unchanged", [True, False])
def test_a_pinned_archive_has_to_be_that_one(unchanged):
    assert collected(Web(WHOLE, unchanged=unchanged), sha256={URL: sha256(WHOLE)}) == [(URL, 1)]
    with pytest.raises(ContentError) as caught:
        collected(Web(WHOLE, unchanged=unchanged), sha256={URL: sha256(b"another")})
    assert caught.value.message == f"{URL} is not what source.sha256 pins: its digest is {sha256(WHOLE)}"


def test_a_host_that_asks_for_a_pause_does_not_keep_the_others_waiting():
    class Busy(Web):
        def each(self, urls: list[str]):
            yield self.get(urls[1])
            raise DeferredError("later")

    got = archive.collect(options(urls=[URL, OTHER]), Busy(zipped()))
    assert next(got)[0].url == OTHER
    with pytest.raises(DeferredError):
        next(got)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"urls": []}, "p.toml: source names no address: give it urls = [...]"),
        ({"urls": ["file:///etc/passwd"]}, "p.toml: source: 'file:///etc/passwd' is not an http address: write it as"),
        ({"url": URL}, "p.toml: unknown key 'source.url': did you mean urls?"),
        ({"sha256": {OTHER: "0" * 64}}, f"p.toml: source.sha256: {OTHER!r} is not one of source.urls: write it as"),
        ({"sha256": {URL: "0" * 63}}, f"p.toml: source.sha256: {'0' * 63!r} is no SHA-256: 64 digits from 0 to 9"),
        ({"sha256": {URL: 7}}, "p.toml: source.sha256[...]: Expected `str`, got `int`"),
    ],
)
def test_a_wrong_source_is_refused_before_anything_is_fetched(table, message):
    with pytest.raises(SpecError) as caught:
        options(**table)
    assert str(caught.value).startswith(message)


# Through the whole of collect, over HTTP


def corpus(url: str) -> Corpus:
    return Corpus(
        name="mill", title="Mill", licence="CC0-1.0", source={"transport": "archive", "urls": [url]}, parse={}
    )


def test_a_cut_archive_leaves_no_snapshot_and_a_whole_one_is_kept_as_it_came(store, serve, tmp_path):
    path = tmp_path / "web" / "host" / "mill.tar.xz"
    path.parent.mkdir(parents=True)
    client = Client(Network(serve(tmp_path / "web")))
    path.write_bytes(WHOLE[:-40])
    for _ in range(2):  # nor is it believed when it is recalled
        with pytest.raises(TruncatedError, match=f"{URL}: truncated archive"):
            collect(corpus(URL), store, client)
    assert store.latest_snapshot("mill") is None
    path.write_bytes(WHOLE)
    snapshot = collect(corpus(URL), store, client).snapshot
    assert [(file.url, blobs.get(store.root, file.sha256)) for file in snapshot.files] == [(URL, WHOLE)]
    assert not [path for path in store.root.rglob("*") if path.name in ("mill.tar", "a.txt", "b.txt")]
