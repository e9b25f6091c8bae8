"""Texts to measure on, as versions in a store."""

from collections.abc import Mapping, Sequence

from corpusmill.store import Store, commit, encode, shards
from corpusmill.store.ids import content_id, sha256
from corpusmill.types import Document, Split, Version


def version(store: Store, corpus: str, texts: Mapping[Split, Sequence[str]]) -> Version:
    """A version whose documents are these texts, in this order, published as the builder would."""
    folder = store.corpus(corpus) / "versions" / "v000001"
    commit.make_folder(folder / "data")
    made = Version(
        corpus=corpus,
        id=content_id(texts),
        number=1,
        parent=None,
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
        shards=tuple(
            shards.write(folder, f"data/{split}.parquet", split, [_document(*pair) for pair in enumerate(those)])
            for split, those in texts.items()
        ),
        parsed=sum(map(len, texts.values())),
        drops={},
        stats={},
    )
    commit.write_file(folder / commit.MANIFEST, encode(made))
    return made


def _document(place: int, text: str) -> Document:
    return Document(id=f"{place:032x}", text=text, source=f"memory:{place}", raw_sha256=sha256(text.encode()))
