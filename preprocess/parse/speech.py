"""Speeches as the White House's press office gave them out, one text a file: a letterhead, the place, what was said.

    Cite: https://host/address · June 1, 2012 · For Immediate Release · Title · The White House · Office of …
    Place · 9:00 A.M. EDT · THE SPEAKER: words … · END 9:30 A.M. EDT

A document is a speech: its paragraphs with an empty line between, stage directions such as (Applause.) left where they
are. Title, day, place and speakers go into the document's columns and `meta`. A file too small to hold more than a
letterhead, or that holds no more, is a scrape that failed, and dropped.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from corpusmill.types import RawFile
from preprocess.clean import mend
from preprocess.parse import Parsed, TextOptions, document, drop
from preprocess.text.decode import decode, unix

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY = re.compile(rf"(?:For Immediate Release )?((?:{_MONTHS}) \d\d?, \d{{4}})", re.IGNORECASE)
_LETTERHEAD = re.compile(r"For Immediate Release|The White House|Office of the Press Secretary", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:Cite: ?)?(https?://\S+)|Cite:", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2}[:.]\d\d ?[AP]\.?M\.?.{0,12})$", re.IGNORECASE)
_SPEAKER = re.compile(r"(Q)\b|((?!END\b)[A-ZÀ-Þ][A-ZÀ-Þ.,'’ -]{1,60})(?: \([^)\n]{1,40}\))?:")
_DIRECTION = re.compile(r"\([A-Z][a-z]{2,20}[^()\n]{0,60}\.\)")  # (Applause.), (Laughter and applause.)
_END = re.compile(r"-{0,3}END\b.{0,20}|#{2,}|# # #", re.IGNORECASE)
_HEAD = 12  # lines within which the letterhead ends
_PLACES = 5  # lines that may come before the time or the first speaker and say where
_PLACE_WIDTH = 70  # characters of such a line; what is longer is a note
_LEAST = 100  # characters of a speech; what is shorter is the name of a room
_TAIL = 4  # lines from the end among which END may stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(TextOptions):
    """Keys of ``[parse]`` for speeches."""

    author: str = ""  # whose speeches they are
    shortest: int = 250  # bytes that a file needs to be more than a letterhead


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """One speech, or a drop that says why there is none. Raises ParseError."""
    if len(body) < options.shortest:
        yield drop(file, "", f"failed scrape: {len(body)} bytes")
        return
    decoded = decode(body, options.encoding)
    text, _ = mend.spaces(unix(decoded.text))
    head, lines = _letterhead([line.strip() for line in text.split("\n") if line.strip()])
    place, time, lines = _place(lines)
    paragraphs = _joined(_before_the_end(lines))
    if sum(map(len, paragraphs)) < _LEAST:
        yield drop(file, "", "failed scrape: only the letterhead")
        return
    said = "\n\n".join(paragraphs)
    speakers = [match[1] or match[2] for paragraph in paragraphs if (match := _SPEAKER.match(paragraph))]
    meta = {
        "place": place,
        "time": time,
        "speakers": list(dict.fromkeys(speakers)),
        "turns": len(speakers),
        "directions": len(_DIRECTION.findall(said)),
        "cite": head.get("cite", ""),
    }
    yield document(
        file,
        "",
        said,
        title=head.get("title", ""),
        author=options.author,
        date=head.get("date", ""),
        meta=meta | decoded.meta,
    )


def _letterhead(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Address, day and title, and the lines after the letterhead; without one, nothing and all lines."""
    head: dict[str, str] = {}
    last = max((number for number, line in enumerate(lines[:_HEAD]) if _LETTERHEAD.match(line)), default=-1)
    rest = lines[last + 1 :]
    for number, line in enumerate(lines[: last + 1]):
        if address := _ADDRESS.match(line):
            head["cite"] = address[1] or head.get("cite", "")
        elif day := _DAY.match(line):
            head["date"] = _iso(day[1])
        elif not _LETTERHEAD.fullmatch(line):
            if "title" in head:  # no letterhead has a second one
                return head, lines[number:]
            head["title"] = line
    if "title" not in head and head and rest:
        head["title"], *rest = rest
    return head, rest


def _iso(day: str) -> str:
    """``June 1, 2012`` -> 2012-06-01; what is no day -> nothing."""
    month, number, year = day.replace(",", "").split()
    place = _MONTHS.lower().split("|").index(month.lower()) + 1
    with suppress(ValueError):
        return date(int(year), place, int(number)).isoformat()
    return ""


def _place(lines: list[str]) -> tuple[str, str, list[str]]:
    """Where and when, and the lines after."""
    for number, line in enumerate(lines[: _PLACES + 1]):
        if match := _TIME.search(line):
            before = [*lines[:number], line[: match.start()].strip()]
            return _named(before), match[1], lines[number + 1 :]
        if _SPEAKER.match(line):
            return _named(lines[:number]), "", lines[number:]
    return "", "", lines


def _named(lines: list[str]) -> str:
    return ", ".join(line for line in lines if 0 < len(line) <= _PLACE_WIDTH)


def _before_the_end(lines: list[str]) -> list[str]:
    ends = [n for n in range(max(0, len(lines) - _TAIL), len(lines)) if _END.fullmatch(lines[n])]
    lines = lines[: ends[0]] if ends else lines
    return lines[:-1] if lines and _TIME.match(lines[-1]) else lines


def _joined(lines: list[str]) -> list[str]:
    """Paragraphs: a line that begins small where the one before did not end goes on with it."""
    paragraphs: list[list[str]] = []
    for line in lines:
        if paragraphs and line[0].islower() and paragraphs[-1][-1][-1].isalpha():
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return [" ".join(paragraph) for paragraph in paragraphs]
