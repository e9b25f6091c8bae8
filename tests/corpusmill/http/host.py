"""A host that answers in every way the client can meet: rightly, wrongly, with validators, after a while."""

import gzip

from tests.corpusmill.http.bodies import CHUNKED, TEXT, ZIP, ZIPPED
from tests.corpusmill.http.server import bare, head, in_chunks, moves, once, refuses, repeats, says, sized

MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT"


def labelled(talk):
    """A body with validators; unchanged for who has it."""
    if talk.asked.headers.get("if-none-match") == '"e1"':
        talk.send(head('ETag: "e1"', status="304 Not Modified"))
        talk.keep = True
    else:
        talk.whole(TEXT, 'ETag: "e1"', f"Last-Modified: {MODIFIED}", "Content-Type: Text/Plain; charset=utf-8")


def dated(talk):
    if talk.asked.headers.get("if-modified-since") == MODIFIED:
        talk.send(head(status="304 Not Modified"))
        talk.keep = True
    else:
        talk.whole(TEXT, f"Last-Modified: {MODIFIED}")


ANSWERS = {
    "/whole": labelled,
    "/dated": dated,
    "/zipped": sized(ZIPPED, ZIP),
    "/chunked": in_chunks(TEXT),
    "/zipped-until-closed": bare(ZIPPED, ZIP),
    "/short": says(head(f"Content-Length: {len(TEXT) + 1}"), TEXT),
    "/cut": says(head(CHUNKED), b"10\r\nabc"),
    "/cut-once": once(says(head(f"Content-Length: {len(TEXT)}"), TEXT[:9]), TEXT),
    "/bare": bare(TEXT),
    "/zipped-and-cut": sized(ZIPPED[:-9], ZIP),
    "/zipped-not-at-all": sized(TEXT, ZIP),
    "/zipped-empty": sized(gzip.compress(b""), ZIP),
    "/brotli": sized(TEXT, "Content-Encoding: br"),
    "/empty": sized(b""),
    "/drips": repeats(head("Content-Length: 9999"), b"x", 0.02),
    "/gone": refuses("410 Gone"),
    "/broken": refuses("500 Internal Server Error"),
    "/broken-twice": lambda talk: refuses("500 Oops")(talk) if talk.times <= 2 else talk.whole(TEXT),
    "/teapot": refuses("418 I'm a teapot"),
    "/hangs-up": says(),
    "/speaks-otherwise": says(b"\x00\x01 hello\r\n\r\n"),
    "/moved": moves("/whole#part"),
    "/moved-twice": moves("moved"),
}
