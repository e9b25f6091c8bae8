"""What bytes are by how they begin: a kind of archive that is read here, or words for what came instead of one."""

import re

from corpusmill.archive import tar

HEAD = 512  # bytes that tell: a tar archive's first header
_MAGIC = (
    ("zip", rb"PK(\x03\x04|\x05\x06)"),
    ("gzip", rb"\x1f\x8b\x08[\x00-\x1f]"),  # deflate, no reserved flag (RFC 1952, 2.3.1)
    ("bzip2", rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),  # a first block, or the end at once
    ("xz", rb"\xfd7zXZ\x00"),
    ("zstd", rb"\x28\xb5\x2f\xfd"),
)
_KINDS = tuple((kind, re.compile(magic)) for kind, magic in _MAGIC)
_OTHERS = (
    ("it is empty", rb"\Z"),
    (
        "it looks like an HTML page",
        rb"(?is)(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title)\b",
    ),
    ("it looks like XML", rb"(\xef\xbb\xbf)?\s*<[?!A-Za-z]"),
    ("it looks like JSON", rb"(\xef\xbb\xbf)?\s*[\[{]"),
    ("it looks like a PDF", rb"%PDF-"),
    ("7-Zip's kind is not read here", rb"7z\xbc\xaf\x27\x1c"),
    ("RAR's kind is not read here", rb"Rar!"),
    ("compress's kind (.Z) is not read here", rb"\x1f[\x9d\xa0]"),
    ("LZ4's kind is not read here", rb"\x04\x22\x4d\x18"),
    ("lzip's kind is not read here", rb"LZIP"),
    ("a zip archive in several parts is not read here", rb"PK\x07\x08"),
    ("it looks like an image", rb"\x89PNG|GIF8|\xff\xd8\xff|RIFF....WEBP"),
    ("it begins with nothing but zero bytes", rb"\x00+\Z"),
)
_WORDS = tuple((words, re.compile(pattern)) for words, pattern in _OTHERS)


def kind_of(head: bytes) -> str:
    """``tar``, ``zip``, ``gzip``, ``bzip2``, ``xz``, ``zstd`` or nothing, by the first `HEAD` bytes."""
    if tar.is_header(head[: tar.BLOCK]):  # first: the name it begins with may be that of any kind
        return "tar"
    return next((kind for kind, magic in _KINDS if magic.match(head)), "")


def looks_like(head: bytes) -> str:
    """Why the bytes are no archive, in words."""
    known = next((words for words, pattern in _WORDS if pattern.match(head)), "")
    return known or f"it begins with {head[:16]!r}"
