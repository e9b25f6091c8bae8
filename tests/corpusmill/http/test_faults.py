import contextlib
import gc
import random
import subprocess
import sys

import pytest
from urllib3 import Retry

from corpusmill.errors import (
    CollectError,
    ContentError,
    EncodingError,
    NetworkError,
    TooLargeError,
    TruncatedError,
    UnreachableError,
)
from corpusmill.http import Client, Limits, Network
from tests.corpusmill.http.bodies import DEADLINE, LARGEST, OK, PADDED, TEXT, ZIP, ZIPPED, Fault, whole
from tests.corpusmill.http.faults import TABLE
from tests.corpusmill.http.server import (
    Hurry,
    Server,
    bare,
    head,
    in_chunks,
    missing,
    moves,
    quickly,
    repeats,
    says,
    sent_by,
    sized,
)

RETRIES = Retry(1, backoff_factor=0, status_forcelist=(429, 500, 503), raise_on_status=False, retry_after_max=120)
LIMITS = Limits(deadline=DEADLINE, largest=LARGEST)
BUSY = 3.0  # seconds that a machine which has other things to do may add
MEBIBYTES = 256  # of a whole process


def impatient(retries: Retry = RETRIES) -> Client:
    return Client(Network(allow_private=True), retries=retries, limits=LIMITS, clock=Hurry().clock)


def serving(fault: Fault, certificates: dict) -> Server:
    fixed = {"/whole": whole, "/back": moves("/x"), "/robots.txt": fault.robots or missing}
    context = certificates[fault.tls] if fault.tls else None
    return Server(fixed, otherwise=fault.answer, context=context, greeting=fault.greeting)


def address(server: Server, fault: Fault) -> str:
    scheme, _, rest = server.address.partition("://")
    return f"{fault.asked_as or scheme}://{rest}/x"


def body_or_error(client: Client, url: str) -> bytes | CollectError:
    try:
        return client.get(url).read()
    except CollectError as error:
        return error


@pytest.mark.parametrize("name", TABLE)
def test_whatever_a_host_does_the_client_ends_in_time_with_the_right_outcome(name, certificates, monkeypatch):
    fault = TABLE[name]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificates["authority"])
    with serving(fault, certificates) as server:
        client, url = impatient(), address(server, fault)
        with quickly(DEADLINE * 1.1 + BUSY):
            came = body_or_error(client, url)
    if fault.outcome is OK:
        assert came == fault.body
    else:
        assert type(came) is fault.outcome, repr(came)
        assert str(came).isprintable()
        assert not any(words in str(came) for words in ("object at 0x", "Pool", "urllib3", "requests."))


@pytest.mark.parametrize(
    "name",
    [
        "hang in the headers",
        "hang in the body",
        "10,000 headers",
        "lengths that differ on one line",
        "bomb",
        "cut once",
    ],
)
def test_nothing_is_left_open(name):
    """A socket that only the garbage collection closes is warned of, and a warning fails."""
    with serving(TABLE[name], {}) as server:
        body_or_error(impatient(), address(server, TABLE[name]))
    gc.collect()


def test_the_table_is_as_long_as_promised():
    assert len(TABLE) >= 150


CUT = {
    "length": sized(TEXT),
    "chunks": in_chunks(TEXT[:700], TEXT[700:]),
    "chunks, sizes with zeros in front": says(sent_by(in_chunks()).removesuffix(b"0\r\n\r\n"), PADDED, b"0\r\n\r\n"),
    "until closed": bare(TEXT),
    "gzip, length": sized(ZIPPED, ZIP),
    "gzip, chunks": in_chunks(ZIPPED[:50], ZIPPED[50:], lines=(ZIP,)),
    "gzip, until closed": bare(ZIPPED, ZIP),
}


@pytest.mark.parametrize("framing", CUT)
def test_no_answer_that_was_cut_anywhere_is_ever_taken_for_whole(framing):
    sent = sent_by(CUT[framing])
    start = sent.index(b"\r\n\r\n")
    everywhere = {"chunks, sizes with zeros in front": range(start + 700, start + 740)}.get(framing, ())
    cuts = {*random.Random(framing).sample(range(len(sent)), 40), *everywhere, *range(len(sent) - 12, len(sent))}
    with Server({f"/{cut}": says(sent[:cut]) for cut in cuts}) as server:
        client = impatient(Retry(0))
        came = {cut: body_or_error(client, f"{server.address}/{cut}") for cut in cuts}
    bodies = [body for body in came.values() if isinstance(body, bytes)]
    assert [body for body in bodies if body != TEXT] == []
    assert len(bodies) <= 4 * framing.count("chunks")  # in the last chunk, of which nothing but its end is lost
    kinds = {(type(error), cut > start) for cut, error in came.items() if not isinstance(error, bytes)}
    assert kinds <= {
        (TruncatedError, True),
        *((kind, False) for kind in (TruncatedError, UnreachableError, EncodingError, ContentError)),
    }


def test_no_gzip_that_was_cut_under_an_honest_length_is_ever_taken_for_whole():
    with Server({f"/{cut}": sized(ZIPPED[:cut], ZIP) for cut in range(1, len(ZIPPED))}) as server:
        client = impatient(Retry(0))
        came = [body_or_error(client, f"{server.address}/{cut}") for cut in range(1, len(ZIPPED))]
    assert {type(error) for error in came} == {TruncatedError}


CHILD = """
import sys
from urllib3 import Retry
from corpusmill.errors import CollectError
from corpusmill.http import Client, Limits, Network
from tests.corpusmill.http.server import Hurry
from tests.peak import peak
LIMITS = Limits(deadline=9, largest=4 << 20)
for url in sys.argv[1:]:
    client = Client(Network(allow_private=True), limits=LIMITS, retries=Retry(0), clock=Hurry().clock)
    try:
        print(len(client.get(url).read()))
    except CollectError as error:
        print(type(error).__name__)
print(peak() >> 20)
"""
HEAVY = [
    *(name for name in TABLE if "bomb" in name),
    "infinite body",
    "infinite chunks",
    "chunk size line that does not end",
    "status line that does not end",
    "header of 10 MB",
    "10,000 headers",
    "moved with a body that never ends",
    "moved to a megabyte",
    "robots that never ends",
]


def test_nothing_that_is_sent_makes_the_process_grow_beyond_a_quarter_of_a_gibibyte(certificates):
    faults = [TABLE[name] for name in HEAVY]
    with contextlib.ExitStack() as servers:
        urls = [address(servers.enter_context(serving(fault, certificates)), fault) for fault in faults]
        child = subprocess.run([sys.executable, "-c", CHILD, *urls], capture_output=True, text=True, check=True)
    *outcomes, grown = child.stdout.split()
    assert outcomes == [fault.outcome.__name__ if fault.outcome else str(len(TEXT)) for fault in faults]
    assert {TooLargeError.__name__, str(len(TEXT))} <= set(outcomes)
    assert int(grown) <= MEBIBYTES


def test_the_body_of_an_error_is_not_taken():
    with Server({"/x": repeats(head(status="403 Forbidden"), bytes(65536))}) as server:
        client = impatient()
        assert type(body_or_error(client, f"{server.address}/x")) is NetworkError
    assert client.tally.received < 65536
