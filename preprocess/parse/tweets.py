"""Tweets of one account: a JSON list of them, one of Twitter's own JSON objects a line, or CSV with a header.

A tweet's document id comes from the tweet, not from the file: archives overlap, and the builder keeps one of each.
`id_str` goes before `id`, which some writers have rounded to a double. Retweets are another's words, as is what another
account wrote, and truncated texts end mid-word; all are dropped, as are a tweet's further copies in one file. Links say
nothing, since shorteners make the same few random characters of every address.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import msgspec

from corpusmill.errors import ParseError
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, RawFile
from preprocess.parse import Parsed, ParseOptions, drop
from preprocess.text import strict_json, tweet_table
from preprocess.text.entities import resolved
from preprocess.text.instants import utc

LINK = "<link>"
_LONGEST = 1 << 23  # bytes of a line: with all that Twitter says of it a tweet takes 20,000
_PATIENCE = 1000  # records without a tweet, after which a file is given up
_DIGITS = 20  # of the largest number that is an id
_TAG = re.compile(r"<[^<>]*>")  # the API writes an application as a link to it
# Where the words end in "…", or say that they go on, the link leads to the rest of them.
_CUT = re.compile(r"(?:\S…|\(cont\))\s*https?://[\w./~-]+\W*$")
_TAIL = 400  # characters at a tweet's end that hold its last link
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for tweets."""

    author: str = ""  # whose tweets they are
    account: str = ""  # the screen name they were written under; where a tweet says another, it is dropped
    links: Literal["remove", "token", "keep"] = "remove"
    shorteners: tuple[str, ...] = ("t.co", "bit.ly", "tinyurl.com", "deck.ly", "ow.ly", "goo.gl", "tl.gd", "is.gd")


class User(msgspec.Struct):
    """Who wrote a tweet, where the file says so."""

    screen_name: str = ""


class Tweet(msgspec.Struct):
    """What is read of a tweet; its other fields are passed over."""

    id_str: str = ""
    id: int | str | float | None = None  # a float has lost digits
    text: str = ""
    full_text: str = ""
    created_at: str = ""
    source: str = ""
    is_retweet: bool = False
    truncated: bool = False
    retweeted_status: dict[str, Any] | None = None
    user: User | None = None

    @property
    def number(self) -> str:
        """The tweet's id, if it is exact."""
        number = self.id_str or ("" if self.id is None or isinstance(self.id, float) else str(self.id))
        return number if number.isascii() and number.isdigit() and len(number) <= _DIGITS else ""


def parse(file: RawFile, body: bytes, options: Options, before: int = 0) -> Parsed:
    """Tweets in the file's order; `before` lines of it came in pieces before this one. Raises ParseError."""
    seen: dict[str, int] = {}
    wrong: ParseError | None = ParseError("empty: there is no tweet in it", "give a file with tweets")
    records = _lines(body, before) if before else _records(body)
    for read, (place, tweet) in enumerate(records, 1):
        if isinstance(tweet, ParseError):
            wrong = tweet if read == 1 else wrong
            yield drop(file, f"#{place}", tweet.message)
        else:
            wrong = None
            yield _document_or_drop(file, tweet, place, seen, options)
        if read == _PATIENCE and not (seen or before):
            raise wrong or ParseError(f"not tweets: none of {read:,} has id, text and date", "look at the file")
    if wrong and not before:
        raise wrong


def cut(body: bytes, _options: Options) -> tuple[int, int]:
    """Where the last whole line of a body that goes on ends, and how many lines those are; a list has no such place."""
    start = _START.match(body)
    if body.startswith(_UTF_16) or not (start and body.startswith(b"{", start.end())):
        return 0, 0
    end = body.rfind(b"\n") + 1
    return end, body.count(b"\n", 0, end)


def _records(body: bytes) -> Iterator[tuple[int, Tweet | ParseError]]:
    start = _START.match(body)
    if start and body.startswith(b"[", start.end()):
        yield from ((place, _tweet(value)) for place, value in enumerate(strict_json.items(body)))
    elif tweet_table.is_table(body):
        rows = enumerate(tweet_table.rows(body), 1)
        yield from ((place, row if isinstance(row, ParseError) else _tweet(row)) for place, row in rows)
    else:
        yield from _lines(body, 0)


def _lines(body: bytes, before: int) -> Iterator[tuple[int, Tweet | ParseError]]:
    at, place = 0, before
    while at < len(body):
        end = body.find(b"\n", at) + 1 or len(body)
        line = body[at:end].strip()
        if len(line) > _LONGEST:
            yield place, ParseError(f"too large: a line of {len(line):,} bytes, {_LONGEST:,} at the most")
        elif line:
            try:
                yield place, _tweet(strict_json.loads(line))
            except ParseError as error:
                yield place, error
        at, place = end, place + 1


def _tweet(value: Any) -> Tweet | ParseError:
    try:
        return msgspec.convert(value, Tweet)
    except msgspec.ValidationError as error:
        return ParseError(f"not tweets: {error}", "look at the file: does it hold tweets?")


def _document_or_drop(
    file: RawFile, tweet: Tweet, place: int, seen: dict[str, int], options: Options
) -> Document | Drop:
    number, date = tweet.number, utc(tweet.created_at)
    written = tweet.full_text or tweet.text
    if not (number and written and date):
        return drop(file, f"#{place}", "no tweet: id, text or date is lacking")
    first = seen.setdefault(number, place)
    if first != place:
        return drop(file, f"#{place}", f"same tweet: as #{first}")
    if reason := _left_out(tweet, written, options):
        return drop(file, f"#{place}", reason)
    text, links = _words(written, options)
    if not text.strip():
        return drop(file, f"#{place}", "no words: it is but a link")
    return Document(
        id=document_id("tweet", number),
        text=text,
        source=file.url,
        raw_sha256=file.sha256,
        author=options.author,
        date=date.isoformat(),
        licence=file.licence,
        meta={"tweet": number, "year": date.year, "app": _TAG.sub("", tweet.source), "links": links},
    )


def _left_out(tweet: Tweet, text: str, options: Options) -> str:
    """Why a tweet is left out, or nothing."""
    if options.account and tweet.user and tweet.user.screen_name.casefold() != options.account.casefold():
        return f"another account: {tweet.user.screen_name[:50]}"
    if tweet.is_retweet or tweet.retweeted_status or text.startswith("RT @"):
        return "retweet"
    return "truncated" if tweet.truncated or _CUT.search(text[-_TAIL:]) else ""


def _words(text: str, options: Options) -> tuple[str, int]:
    """The text with its entities and links resolved, and how many links there were."""
    text = resolved(text)
    link = _link(options.shorteners)
    if options.links == "keep":
        return text, len(link.findall(text))
    text, links = link.subn(rf"\1{LINK}" if options.links == "token" else "", text)
    return text.strip(), links


@cache
def _link(hosts: tuple[str, ...]) -> re.Pattern[str]:
    """A link, with the white space before it and the ellipses that one copied from a page trails.

    All of the white space: a match from its middle would make a megabyte of spaces take hours.
    """
    names = "|".join(map(re.escape, hosts)) or "(?!)"
    start = r"(?:https?://(?:www\.)?|(?<![\w@./-]))"
    return re.compile(rf"((?<!\s)\s*){start}(?:{names})/[\w~-]+(?:\?[\w=&]+)?(?:[^\S\n]*…)*")
