"""Tweets of one account: a JSON list of them, or a zip archive of such lists.

A tweet's document id comes from the tweet, not from the file: archives overlap, and the builder keeps one of each.
`id_str` goes before `id`, which some writers have rounded to a double. Retweets are another's words and truncated texts
end mid-word; both are dropped. Links say nothing, since t.co shortens every address to ten random characters.
"""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import msgspec

from corpusmill.errors import ParseError
from corpusmill.store.ids import document_id
from corpusmill.types import Document, Drop, RawFile
from preprocess import archive, strict_json
from preprocess.parse import Parsed, ParseOptions

LINK = "<link>"
# With the white space before (all of it: a match from its middle would make a megabyte of spaces take hours), and the
# ellipses that a link copied from the page trails.
_LINK = re.compile(r"((?<!\s)\s*)https?://t\.co/\w+(?:\?[\w=&]+)?(?:[^\S\n]*…)*")
_ENTITY = re.compile(r"&#?\w+;")
_CUT = re.compile(r"\S…\s*https?://t\.co/\w+\W*$")  # where the words end in "…", the link leads to the rest of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    """Keys of ``[parse]`` for tweets."""

    author: str = ""  # whose tweets they are
    links: Literal["remove", "token", "keep"] = "remove"


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


def parse(file: RawFile, body: bytes, options: Options) -> Parsed:
    """Tweets in the file's order. Raises ParseError."""
    for name, content in archive.members(body) if archive.is_zip(body) else [("", body)]:
        try:
            tweets = msgspec.convert(strict_json.loads(content), list[Tweet])
        except msgspec.ValidationError as error:
            raise ParseError(f"not tweets: {error}", "look at the file: is it a list of tweets?") from error
        for place, tweet in enumerate(tweets):
            yield _document_or_drop(file, tweet, f"{name}#{place}", options)


def _document_or_drop(file: RawFile, tweet: Tweet, place: str, options: Options) -> Document | Drop:
    number = tweet.id_str or ("" if tweet.id is None or isinstance(tweet.id, float) else str(tweet.id))
    id_ = document_id("tweet", number) if number else document_id(file.url, place)
    written = tweet.full_text or tweet.text
    date = _date(tweet.created_at)
    if not (number and written and date):
        return Drop(id=id_, step="parse", reason="no tweet: id, text or date is lacking", source=file.url)
    if reason := _left_out(tweet, written):
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
        meta={"tweet": number, "year": date.year, "app": tweet.source, "links": links},
    )


def _left_out(tweet: Tweet, text: str) -> str:
    """Why a tweet is left out, or nothing."""
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
