"""What the mirror says of itself: the page at its root, and why something is not served."""

import io
from functools import partial
from html import escape
from http import HTTPStatus
from typing import Protocol

from corpusmill.mirror.answer import Found
from corpusmill.store.ids import sha256


class Source(Protocol):
    """What is served."""

    def hosts(self) -> list[str]:
        """The hosts it stands in for."""

    def count(self) -> int:
        """How many addresses."""

    def find(self, address: str) -> Found | None:
        """What ``host/path?query`` is, escapes and all as it was asked for."""


def index(source: Source, address: str) -> Found:
    """How to use the mirror, and the hosts it stands in for."""
    hosts = "".join(f"<li>{_shown(host)}</li>" for host in source.hosts()) or "<li>none yet</li>"
    return _text(
        HTTPStatus.OK,
        "text/html; charset=utf-8",
        f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>A mirror of corpusmill</title>
<h1>A mirror of corpusmill</h1>
<p>It stands in for the hosts below: <code>{_shown(address)}/host/path</code> is what
<code>https://host/path</code> was when it was collected. To collect from it:</p>
<pre>export CORPUSMILL_MIRROR={_shown(address)}</pre>
<ul>{hosts}</ul>
</html>
""",
    )


def refusal(status: HTTPStatus, reason: str) -> Found:
    """A line of text that says why not."""
    shown = reason.encode(errors="backslashreplace").decode()
    return _text(status, "text/plain; charset=utf-8", f"{status.value} {status.phrase}: {shown}\n")


def _text(status: HTTPStatus, media_type: str, text: str) -> Found:
    body = text.encode()
    etag = f'"{sha256(body)}"' if status == HTTPStatus.OK else ""
    return Found(size=len(body), open=partial(io.BytesIO, body), status=status, media_type=media_type, etag=etag)


def _shown(text: str) -> str:
    return escape(text.encode(errors="backslashreplace").decode())
