"""Tables of tweets as CSV, semicolons or tabs between: rows -> what Twitter's JSON would say of each.

    source,text,created_at,retweet_count,favorite_count,is_retweet,id_str
    Mill for Web,"The wheel turns
    and turns",11-02-2017 10:00:00,1,2,false,900000000000000001

Columns are known by their names in any of the spellings that archives use, and may stand in any order. It decides
nothing about a tweet; the parser does.
"""

import csv
from collections.abc import Iterator
from typing import Any

from corpusmill.errors import ParseError
from preprocess.text.decode import decode, unix

_DELIMITERS = ",;\t"
_HEADER = 4096  # bytes in which a header ends
_NAME = 40  # characters in which a column's name ends
_COLUMNS = {
    "id_str": "idstr tweetid statusid tweetidstr",
    "id": "id",
    "text": "text tweet tweettext content",
    "full_text": "fulltext",
    "created_at": "createdat timestamp date datetime time",
    "source": "source device app",
    "is_retweet": "isretweet retweeted retweetedstatusid",
    "truncated": "truncated",
    "user": "screenname username handle userscreenname",
}
_KNOWN = {spelling: name for name, spellings in _COLUMNS.items() for spelling in spellings.split()}
_FLAGS = ("is_retweet", "truncated")
_NO = {"", "0", "f", "false", "n", "no", "none", "null", "nan"}


def is_table(body: bytes) -> bool:
    """Whether a file begins with a header that names an id and a text."""
    return bool(_delimiter(_first_line(body)))


def rows(body: bytes) -> Iterator[dict[str, Any] | ParseError]:
    """Each row by the names of Twitter's JSON, or what is wrong with it. Raises ParseError for what is no CSV."""
    text = unix(decode(body).text)
    delimiter = _delimiter(text.lstrip().partition("\n")[0])
    reader = csv.reader(_lines(text), delimiter=delimiter)
    try:
        header: list[str] = []
        for cells in reader:
            if not cells:
                continue
            if not header:
                header = _names(cells)
            elif len(cells) != len(header):
                yield ParseError(f"no row: {len(cells)} cells under {len(header)} columns")
            else:
                yield _row(header, cells)
    except csv.Error as error:
        raise ParseError(f"not CSV: {error}", "look at the file: is a quotation mark left open?") from error


def _first_line(body: bytes) -> str:
    line = body[:_HEADER].lstrip().splitlines()[:1]
    try:
        return decode(line[0]).text if line else ""
    except ParseError:
        return ""


def _delimiter(line: str) -> str:
    for delimiter in _DELIMITERS:
        names = set(_names(next(csv.reader([line], delimiter=delimiter), [])))
        if names & {"id", "id_str"} and names & {"text", "full_text"}:
            return delimiter
    return ""


def _names(cells: list[str]) -> list[str]:
    """What each column holds, nothing for those that are not read; of two that say the same the first counts."""
    names, seen = list[str](), set[str]()
    for cell in cells:
        name = _KNOWN.get("".join(filter(str.isalnum, cell[:_NAME])).casefold(), "")
        names.append("" if name in seen else name)
        seen.add(name)
    return names


def _lines(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _row(header: list[str], cells: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=True) if name}
    for flag in _FLAGS:
        if flag in row:
            row[flag] = row[flag].strip().casefold() not in _NO
    if "user" in row:
        row["user"] = {"screen_name": row["user"].strip().removeprefix("@")} if row["user"].strip() else None
    return row
