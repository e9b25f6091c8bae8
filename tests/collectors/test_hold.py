"""What makes a refresh look wrong, and what does not."""

import time

import pytest

from collectors import hold
from corpusmill.store.ids import sha256
from corpusmill.types import RawFile, Snapshot

BODIES: dict[str, bytes] = {}


def snapshot(*bodies: bytes | None, media_type: str = "text/html") -> Snapshot:
    """A file a body, under the same addresses each time; None is gone."""
    files = []
    for number, body in enumerate(bodies):
        url, digest = f"https://h/{number}", sha256(body or b"")
        BODIES[digest] = body or b""
        status = 404 if body is None else 200
        files.append(
            RawFile(url=url, final_url=url, status=status, sha256=digest, bytes=len(body or b""), media_type=media_type)
        )
    return Snapshot(corpus="c", id="x", origin="o", files=tuple(files), collected_at="")


def page(text: str, agent: str = "") -> bytes:
    return (
        f"<html><head><title>{agent}</title></head><!-- {agent} --><script>a={agent!r}</script><p>{text}</p>".encode()
    )


SPEECHES = [page(f"A speech about mills, the {word}") for word in ("first", "second", "third", "fourth", "fifth")]
HOME = [page("Welcome to the mill, 2026", f"agent {n}") for n in range(5)]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (SPEECHES, SPEECHES, ""),
        (SPEECHES, [*SPEECHES[:4], page("Another speech")], ""),
        (SPEECHES, [*SPEECHES[:4], HOME[0]], ""),
        (SPEECHES, [*SPEECHES[:3], *HOME[:2]], "2 of 5 files say the same"),
        (SPEECHES, HOME, "5 of 5 files say the same"),
        (None, HOME, "5 of 5 files say the same"),
        (None, [*SPEECHES[:3], *HOME[:2]], ""),
        (HOME, HOME, ""),
        (SPEECHES, [*SPEECHES[:4], None], ""),
        (SPEECHES, [*SPEECHES[:3], None, None], "3 files are left of 5"),
        (SPEECHES, [None] * 5, "nothing is left of 5 files"),
        (SPEECHES, [page("x" * n) for n in range(5)], ""),
        ([b"a" * 1000], [b"a" * 600], "600 bytes are left of 1,000"),
        ([b"a" * 1000], [b"a" * 700], ""),
        ([], [], ""),
    ],
)
def test_a_refresh_looks_wrong_or_well(before, after, why):
    found = hold.suspicions(snapshot(*before) if before is not None else None, snapshot(*after), BODIES.__getitem__)
    assert bool(found) == bool(why)
    assert why in "; ".join(found)


def test_files_that_are_no_pages_are_compared_to_the_letter():
    texts = [b"<p>1</p>", b"<p>2</p>", b"<p>3</p>", b"<p>4</p>"]
    assert hold.suspicions(None, snapshot(*texts, media_type="application/xml"), BODIES.__getitem__) == []
    same = [b"<error/>"] * 4
    found = hold.suspicions(None, snapshot(*same, media_type="application/xml"), BODIES.__getitem__)
    assert found == ["4 of 4 files say the same, https://h/0 and https://h/1 among them"]


@pytest.mark.parametrize("part", [b"<script ", b"<!-- ", b"<", b"<p", b"<svg></svg", b"</head><head>"])
def test_a_page_of_rubbish_is_read_in_one_pass(part):
    pages = snapshot(*(part * 200_000 + b"%d" % n for n in range(3)))
    began = time.process_time()
    hold.suspicions(None, pages, BODIES.__getitem__)
    assert time.process_time() - began < 10
