"""What a cleaning step makes of a document: the same with another text, the same counted, or left out."""

from dataclasses import replace

from corpusmill.types import Document, Drop


def with_text(document: Document, text: str) -> Document:
    """The document with this text; itself where nothing changed."""
    return document if text == document.text else replace(document, text=text)


def counted(document: Document, text: str, name: str, count: int) -> Document:
    """The document with this text, and `count` added to what its `meta` says of `name`."""
    if not count:
        return with_text(document, text)
    return replace(document, text=text, meta={**document.meta, name: document.meta.get(name, 0) + count})


def dropped(document: Document, step: str, reason: str) -> Drop:
    """The document left out; `reason` is ``category: detail``."""
    return Drop(id=document.id, step=step, reason=reason, source=document.source)
