"""Texts to measure on, as versions in a store."""

from collections.abc import Mapping, Sequence

from corpusmill.store import Store, commit, encode, shards
from corpusmill.store.ids import content_id, sha256
from corpusmill.types import Document, Shard, Split, Version


def version(store: Store, corpus: str, texts: Mapping[Split, Sequence[str]]) -> Version:
    """A version whose documents are these texts, in this order, published as the builder would."""
    folder = store.corpus(corpus) / "versions" / "v000001"
    commit.make_folder(folder / "data")
    written = tuple(
        shards.write(folder, f"data/{split}.parquet", split, [_document(*pair) for pair in enumerate(those)])
        for split, those in texts.items()
    )
    made = described(corpus, 1, written)
    commit.write_file(folder / commit.MANIFEST, encode(made))
    return made


def described(corpus: str, number: int, written: tuple[Shard, ...], parent: Version | None = None) -> Version:
    """The manifest of a version of which nothing but its shards is known."""
    return Version(
        corpus=corpus,
        id=content_id([shard.content_digest for shard in written]),
        number=number,
        parent=parent.id if parent else None,
        snapshot="none",
        build_key="none",
        spec={},
        code_digest="none",
        libraries={},
        columns={},
        title=corpus,
        licence="LicenseRef-unknown",
        licence_note="",
        language="en",
        shards=written,
        parsed=sum(shard.rows for shard in written),
        drops={},
        stats={},
    )


def _document(place: int, text: str) -> Document:
    return Document(id=f"{place:032x}", text=text, source=f"memory:{place}", raw_sha256=sha256(text.encode()))
