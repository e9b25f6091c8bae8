"""Tweets of one account: a JSON list of them, or one of Twitter's own JSON objects a line.

A tweet's document id comes from the tweet, not from the file: archives overlap, and the builder keeps one of each.
`id_str` goes before `id`, which some writers have rounded to a double. Retweets are another's words, as is what another
account wrote, and truncated texts end mid-word; all are dropped. Links say nothing, since t.co shortens every address
to ten random characters.
"""

import codecs
import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar

import msgspec

from corpusmill.errors import ParseError
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, RawFile
from preprocess import strict_json
from preprocess.parse import Parsed, ParseOptions, drop

T = TypeVar("T")
LINK = "<link>"
# With the white space before (all of it: a match from its middle would make a megabyte of spaces take hours), and the
# ellipses that a link copied from the page trails.
_LINK = re.compile(r"((?<!\s)\s*)https?://t\.co/\w+(?:\?[\w=&]+)?(?:[^\S\n]*…)*")
_TAG = re.compile(r"<[^<>]*>")  # the API writes an application as a link to it
_ENTITY = re.compile(r"&#?\w+;")
_CUT = re.compile(r"\S…\s*https?://t\.co/\w+\W*$")  # where the words end in "…", the link leads to the rest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for tweets."""

    author: str = ""  # whose tweets they are
    account: str = ""  # the screen name they were written under; where a tweet says another, it is dropped
    links: Literal["remove", "token", "keep"] = "remove"


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


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Tweets in the file's order. Raises ParseError."""
    is_list = body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["
    for place, tweet in enumerate(_read(body, list[Tweet]) if is_list else _lines(body)):
        if isinstance(tweet, ParseError):
            yield drop(file, f"#{place}", tweet.message)
        else:
            yield _document_or_drop(file, tweet, f"#{place}", options)


def _read(body: bytes, as_type: type[T]) -> T:
    try:
        return msgspec.convert(strict_json.loads(body), as_type)
    except msgspec.ValidationError as error:
        raise ParseError(f"not tweets: {error}", "look at the file: does it hold tweets?") from error


def _lines(body: bytes) -> list[Tweet | ParseError]:
    """The tweet of each line, or what is wrong with it. Raises ParseError where every line is wrong."""
    found: list[Tweet | ParseError] = []
    for line in filter(None, map(bytes.strip, body.split(b"\n"))):
        try:
            found.append(_read(line, Tweet))
        except ParseError as error:
            found.append(error)
    errors = [error for error in found if isinstance(error, ParseError)]
    if len(errors) == len(found):
        raise errors[0] if errors else ParseError("empty: there is no tweet in it", "give a file with tweets")
    return found


def _document_or_drop(file: RawFile, tweet: Tweet, place: str, options: Options) -> Document | Drop:
    number = tweet.id_str or ("" if tweet.id is None or isinstance(tweet.id, float) else str(tweet.id))
    id_ = document_id("tweet", number) if number else document_id(file.url, place)
    written = tweet.full_text or tweet.text
    date = _date(tweet.created_at)
    if not (number and written and date):
        return Drop(id=id_, step="parse", reason="no tweet: id, text or date is lacking", source=file.url)
    if reason := _left_out(tweet, written, options):
        return Drop(id=id_, step="parse", reason=reason, source=file.url)
    text, links = _words(written, options)
    return Document(
        id=id_,
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
        return f"another account: {tweet.user.screen_name}"
    if tweet.is_retweet or tweet.retweeted_status or text.startswith("RT @"):
        return "retweet"
    return "truncated" if tweet.truncated or _CUT.search(text) else ""


def _date(created_at: str) -> datetime | None:
    """``Thu Dec 31 23:21:49 +0000 2015``, in UTC whatever this machine's zone and locale are."""
    try:
        date = parsedate_to_datetime(created_at)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _words(text: str, options: Options) -> tuple[str, int]:
    """The text with its entities and links resolved, and how many links there were."""
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if options.links == "keep":
        return text, len(_LINK.findall(text))
    text, links = _LINK.subn(rf"\1{LINK}" if options.links == "token" else "", text)
    return text.strip(), links
