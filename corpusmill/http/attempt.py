"""One fetch, asked for as often as it takes: retries live here and nowhere else.

A body that was cut is gone on with (Range, If-Range) when the host named it by a strong validator and nothing about it
has changed since; in every other case it is begun anew, so that two files are never mixed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import requests
import urllib3
from urllib3 import Retry
from urllib3.exceptions import MaxRetryError

from corpusmill.errors import (
    CollectError,
    ContentError,
    DeadlineError,
    DeferredError,
    NetworkError,
    TruncatedError,
    UnreachableError,
)
from corpusmill.http import record
from corpusmill.http.body import Head, Inflater, head_of, origin_of, receive
from corpusmill.http.network import printable
from corpusmill.http.pace import retry_after
from corpusmill.http.part import Part
from corpusmill.http.wire import Allowance, Answer, Wire, host_of, origin
from corpusmill.types import RawFile

GONE = frozenset({404, 410})
_SHORT = 64 << 10
LATER = "what came is kept; repeat the command after then"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is wanted, and what there is of it already."""

    url: str
    known: RawFile | None
    headers: Mapping[str, str]
    part: Part
    told: Callable[[str, int, int], None]  # address, bytes so far, bytes in all (-1 = unknown)
    allow: Callable[[str], tuple[str, float]]

    def validators(self, hop: str) -> dict[str, str]:
        """Headers for one hop: validators go only to the place that gave them."""
        start = self.part.origin
        if start and self.part.resumable and origin(hop) == origin(start.final_url):
            return {"Range": f"bytes={self.part.size}-", "If-Range": start.validator}
        known = self.known
        if not known or known.status != requests.codes.ok or origin(hop) != origin(known.final_url):
            return {}
        named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    record: RawFile
    headers: Mapping[str, str]
    unchanged: bool = False


class _Again(Exception):  # noqa: N818 - no failure yet
    """An attempt that failed in a way that may pass."""

    def __init__(self, error: CollectError, after: float = 0.0) -> None:
        super().__init__(error)
        self.error, self.after = error, after


def attempts(wire: Wire, attempt: Attempt, retries: Retry) -> Outcome:
    """Ask until the whole body is there or it is no use. Raises the last attempt's error."""
    retry, allowance = retries, Allowance(wire.limits.deadline)
    while True:
        before = attempt.part.size
        try:
            return _once(wire, attempt, allowance, retries)
        except _Again as again:
            if 0 < before < attempt.part.size:  # it gets on, if in pieces: the deadline is what ends it
                retry = retries
            retry = _counted(retry, again)
            wire.tally.retried += 1
            wire.pause(attempt.url, max(retry.get_backoff_time(), again.after))


def _counted(retry: Retry, again: _Again) -> Retry:
    try:
        return retry.increment("GET", "/", error=again.error)
    except MaxRetryError:
        raise again.error from again.__cause__
    except CollectError as error:  # retries are off
        raise error from again.__cause__


def _once(wire: Wire, attempt: Attempt, allowance: Allowance, retries: Retry) -> Outcome:
    try:
        answer = wire.follow(
            attempt.url, attempt.headers, allow=attempt.allow, extra=attempt.validators, allowance=allowance
        )
        with answer.response:
            return _taken(wire, attempt, answer, allowance, retries)
    except (UnreachableError, TruncatedError) as error:
        raise _Again(error) from error


def _taken(wire: Wire, attempt: Attempt, answer: Answer, allowance: Allowance, retries: Retry) -> Outcome:
    """What to do with an answer, by its status."""
    part, shown, status = attempt.part, wire.secrets.hide(attempt.url), answer.response.status_code
    if status == requests.codes.not_modified:
        return _unchanged(wire, attempt, answer)
    if status in GONE:
        wire.tally.gone += 1
        part.clear()
        _drain(wire, attempt, answer, allowance)
        told = record.gone(shown, wire.secrets.hide(answer.url), status, answer.robots)
        return Outcome(told, record.headers(answer.response))
    if status == requests.codes.requested_range_not_satisfiable and part.size:
        part.clear()
        raise _Again(ContentError(f"{shown} has no rest to send", "repeat the command"))
    if status not in (requests.codes.ok, requests.codes.partial):
        _refuse(wire, answer, shown, retries)
    return _received(wire, attempt, answer, allowance)


def _drain(wire: Wire, attempt: Attempt, answer: Answer, allowance: Allowance) -> None:
    """Read a short body that is not wanted, so that the connection can be used again."""
    with suppress(CollectError), wire.within(attempt.url, allowance):
        answer.response.raw.read(_SHORT, decode_content=False)


def _unchanged(wire: Wire, attempt: Attempt, answer: Answer) -> Outcome:
    known, shown = attempt.known, wire.secrets.hide(attempt.url)
    if not known or not {"If-None-Match", "If-Modified-Since"} & attempt.validators(answer.url).keys():
        raise ContentError(f"{shown} says that it has not changed, and was not asked", "tell the host's owner")
    wire.tally.unchanged += 1
    wire.tally.saved += known.bytes
    return Outcome(known, record.headers(answer.response), unchanged=True)


def _refuse(wire: Wire, answer: Answer, shown: str, retries: Retry) -> NoReturn:
    """Raise for an error status: again, later, or for good."""
    response = answer.response
    message = f"{shown} answered {response.status_code} {printable(wire.secrets.hide(response.reason or ''))}".rstrip()
    error = NetworkError(message, wire.hint())
    if response.status_code not in (retries.status_forcelist or ()):
        raise error
    after = retry_after(response.raw.headers.getlist("retry-after"), wire.clock.time()) or 0.0
    if after > retries.retry_after_max:
        until = wire.clock.time() + after
        wire.pace.park(host_of(answer.url), until)
        raise DeferredError(f"{message} and asks to be left alone until {_when(until)}", LATER)
    raise _Again(error, after)


def _received(wire: Wire, attempt: Attempt, answer: Answer, allowance: Allowance) -> Outcome:
    part, shown = attempt.part, wire.secrets.hide(attempt.url)
    head = head_of(shown, answer.response)
    inflater = _begun(wire, attempt, answer, head)
    start = part.origin
    assert start

    def told(size: int) -> None:
        wire.tally.received += size
        attempt.told(shown, part.size, start.total)
        if wire.late():
            raise DeadlineError(shown)  # `within` says the rest

    with wire.within(attempt.url, allowance), _cut(shown):
        receive(answer.response, head, part, inflater, told)
    if not inflater.size:
        raise ContentError(f"{shown} is empty", "check the address in the corpus file")
    wire.tally.fetched += 1
    made = record.fetched(shown, start, answer.robots, inflater.sha256, inflater.size)
    return Outcome(made, record.headers(answer.response))


def _when(moment: float) -> str:
    """A moment for people: a host may well name one beyond the calendar."""
    try:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError):
        return "the end of time"


@contextmanager
def _cut(shown: str) -> Iterator[None]:
    """A connection that breaks in the middle of a body."""
    try:
        yield
    except urllib3.exceptions.ProtocolError as error:
        raise TruncatedError(f"{shown} ended before its whole length", "repeat the command") from error


def _begun(wire: Wire, attempt: Attempt, answer: Answer, head: Head) -> Inflater:
    """The digest so far: of nothing, or of the part that this answer goes on with."""
    part, shown = attempt.part, wire.secrets.hide(attempt.url)
    inflater = Inflater(shown, head.encoding, wire.limits.largest)
    now = origin_of(answer.response, head, wire.secrets.hide(answer.url))
    if head.status != requests.codes.partial:
        part.begin(now)
        return inflater
    if "Range" not in attempt.validators(answer.url):
        raise ContentError(f"{shown} sent a part that nobody asked for", "tell the host's owner")
    start = part.origin
    assert start
    same = (head.range_start, head.encoding) == (part.size, start.encoding)
    named = {"etag": (now.etag, start.etag), "date": (now.last_modified, start.last_modified)}
    other = any(given and given != had for given, had in named.values())
    if not same or other or start.total not in (-1, head.range_total):
        part.clear()
        raise _Again(ContentError(f"{shown} sent a part that does not fit", "repeat the command"))
    with part.pieces() as pieces:
        while piece := pieces.read(1 << 18):
            inflater.feed(piece)
    wire.tally.resumed += 1
    wire.tally.saved += part.size
    return inflater
