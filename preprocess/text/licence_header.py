"""The licence at the head of a source file: what a model would learn to recite and says nothing about the language.

    text, found = strip(text, "mill/wheel.c")
    text, found = strip(text, "mill/wheel.c", spdx=True)  # one line with the licence's SPDX id stays

Looked at are the comments before the first line of code. Paragraphs that grant or disclaim, and lines that claim a
copyright, go; what else the comments say (what the file is for, who wrote it) stays, and so does a line that the system
reads: ``#!/bin/sh``, ``# coding: utf-8``, ``// +build``. A comment of which nothing is left goes whole.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from preprocess.text.comments import Comments, of

_HEAD = 1 << 16  # characters looked at; the whole text of the longest licence in use is half of that
# Without one of these a text claims and grants nothing: plain strings are found much faster than the patterns.
_CLAIMS = ("copyright", "(c)", "©", "rights reserved", "spdx-")
_GRANTS = (
    "licen",
    "gpl",
    "copying",
    "terms",
    "condition",
    "permi",
    "domain",
    "free software",
    "copyright",
    "redist",
    "endorse",
    "warrant",
    "as is",
    "liable",
    "not be used",
    "under the",
    "subject",
)
_CLAIM = re.compile(
    r"\bcopyright\s*(?:\(c\)|©|\d{4}|,? ?by\b)|^\W*copyright\b|(?:^|\s)\(c\) ?(?:\d{4}|copyright)|©"
    r"|\ball rights reserved\b|\bSPDX-\w+(?:-\w+)?:",
    re.IGNORECASE,
)
_GRANT = re.compile(
    r"\blicen[cs]ed (?:under|to)\b|\b(?:released|distributed|available|governed|subject|used) (?:under|to|by) the"
    r"|\b(?:terms|conditions) of (?:the|this|an?|version)\b|\b(?:mit|bsd|apache|isc|boost|zlib|mozilla|gnu|general)"
    r"[ -](?:[\w.]{1,20}[ -]){0,3}licen[cs]e|\b(?:L|A)?GPL ?v?\d?|\bin the public domain\b|\bfree software\b"
    r"|\bsee (?:the )?(?:file )?[\w./]{0,40}\b(?:COPYING|LICEN[CS]E)\b|\blicen[cs]ing\b|\bcopyright notice\b"
    r"|\bpermission (?:is|to use|notice)\b|\bredistribut(?:e|ions?)\b|\bendorse or promote\b"
    r"|\bwithout (?:any|even the implied) warrant|\bwarrant(?:y|ies) of\b|\bno warrant|\bAS IS\b|\bliable for\b"
    r"|\bshall not be (?:liable|used)\b|\byou may not use this file\b|\bcopy of the licen[cs]e\b"
    r"|\blimitations under the licen[cs]e\b|https?://\S{1,60}/licen[cs]es?\b",
    re.IGNORECASE,
)
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() -]{1,120})")
# What a system or a compiler reads may stand before the licence: #!/bin/sh, an encoding, the guard of a header.
_READ = re.compile(
    r"#!|#[^\n]{0,80}?coding[:=]|// ?\+build|//go:|#pragma|# ?(?:ifndef|define) \w+[ \t]*\r?$|<\?(?:php|xml)|<!doctype",
    re.IGNORECASE | re.MULTILINE,
)
_DRAWN = ' \t\r\n\v\f/*#;%!"@=~_.{}<>()[]-|'  # what comments are drawn with


def strip(text: str, path: str, *, spdx: bool = False) -> tuple[str, bool]:
    """The text without the licence at its head, and whether there was one; `path` tells the language."""
    comments = of(path)
    blocks = list(_blocks(text[:_HEAD], comments))
    left = [_without(block, comments) for block in blocks]
    if left == blocks:
        return text, False
    read = next((n for n, block in enumerate(blocks) if not _READ.match(block)), len(blocks))
    label = _label(blocks, comments) if spdx else ""
    rest = "".join(left[read:]) + text[len("".join(blocks)) :]
    return "".join([*left[:read], label, rest.lstrip("\r\n")]), True


def _label(blocks: list[str], comments: Comments) -> str:
    named = next((match[1] for block in blocks if (match := _SPDX.search(block))), "")
    return comments.of(f"SPDX-License-Identifier: {named.strip()}") + "\n" if named.strip() else ""


def _blocks(head: str, comments: Comments) -> Iterator[str]:
    """Comments before the code, each with the blank lines after it."""
    at = 0
    while at < len(head):
        end = _end(head, at, comments)
        if end == at:
            return
        while head.startswith(("\n", "\r\n"), end):
            end = head.index("\n", end) + 1
        yield head[at:end]
        at = end


def _end(head: str, at: int, comments: Comments) -> int:
    """Where the comment that begins at a character ends, its line break with it; `at` itself if there is none."""
    start = at + len(head[at : at + 80]) - len(head[at : at + 80].lstrip())
    if _READ.match(head, start):
        return _line_end(head, start)
    for opens, closes in comments.block:
        if head.startswith(opens, start):
            end = head.find(closes, start + len(opens))
            alone = end >= 0 and not head[end + len(closes) : _line_end(head, end)].strip()
            return _line_end(head, end) if alone else at
    while head.startswith(comments.line, start) and not _READ.match(head, start):
        at = _line_end(head, start)
        start = at + len(head[at : at + 80]) - len(head[at : at + 80].lstrip(" \t"))
    return at


def _line_end(head: str, at: int) -> int:
    return head.find("\n", at) + 1 or len(head)


def _without(block: str, comments: Comments) -> str:
    """A comment without its claims and grants; nothing if it said nothing else."""
    if _READ.match(block) or not _any(_CLAIMS + _GRANTS, block.lower()):
        return block
    lines = block.splitlines(keepends=True)
    gone = {n for n, line in enumerate(lines) if _any(_CLAIMS, line.lower()) and _CLAIM.search(line)}
    for paragraph in _paragraphs(lines):
        words = " ".join(word for n in paragraph for word in lines[n].strip(_DRAWN).split())
        if _any(_GRANTS, words.lower()) and _GRANT.search(words):
            gone.update(paragraph)
    if not gone:
        return block
    if not any(line.strip(_DRAWN) for n, line in enumerate(lines) if n not in gone):
        return ""
    start = block.lstrip()
    signs = next((pair for pair in comments.block if start.startswith(pair[0])), ("", ""))
    return "".join(_tidy([_mended(line, *signs) if n in gone else line for n, line in enumerate(lines)]))


def _any(strings: tuple[str, ...], text: str) -> bool:
    return any(string in text for string in strings)


def _mended(line: str, opens: str, closes: str) -> str:
    """What stays of a line that goes: the signs that open and close the comment."""
    begins = opens if opens and line.lstrip().startswith(opens) else ""
    ends = f" {closes}" if closes and closes in line else ""
    return f"{begins}{ends}\n" if begins or ends else ""


def _paragraphs(lines: list[str]) -> Iterator[list[int]]:
    """The numbers of lines that stand together, between lines that say nothing."""
    for said, numbers in groupby(range(len(lines)), key=lambda n: bool(lines[n].strip(_DRAWN))):
        if said:
            yield list(numbers)


def _tidy(lines: list[str]) -> Iterator[str]:
    """Lines without those that say nothing at the beginning, at the end, or twice in a row; signs and blanks stay."""
    quiet, said = "", False
    for line in filter(None, lines):
        bare = line.strip()
        if line.strip(_DRAWN):
            yield quiet if said else ""
            yield line
            quiet, said = "", True
        elif bare in {"*", "#", "//", ";", "%", "--", "!", '"'}:
            quiet = quiet or line
        else:  # an end, a rule, a blank line
            yield line
            quiet = ""
