"""A snapshot without a collector: bodies put into a store under the addresses they are said to come from."""

from collections.abc import Mapping

from corpusmill.store import Store, blobs
from corpusmill.store.ids import content_id
from corpusmill.types import Corpus, RawFile, Snapshot


def raw_file(url: str, body: bytes = b"", sha256: str = "", status: int = 200) -> RawFile:
    return RawFile(url=url, final_url=url, status=status, sha256=sha256, bytes=len(body))


def take(store: Store, corpus: str, bodies: Mapping[str, bytes], gone: tuple[str, ...] = ()) -> Snapshot:
    files = [raw_file(url, body, blobs.put(store.root, body)) for url, body in bodies.items()]
    files += [raw_file(url, status=404) for url in gone]
    id_ = content_id(sorted((file.url, file.status, file.sha256) for file in files))
    return Snapshot(corpus=corpus, id=id_, origin="a test", files=tuple(files), collected_at="2026-01-01T00:00:00Z")


def corpus(name: str = "mill", **sections) -> Corpus:
    given = {"parse": {"kind": "text"}} | sections
    return Corpus(name=name, title="Mill", licence="CC0-1.0", source={}, declared_in=f"{name}.toml", **given)
