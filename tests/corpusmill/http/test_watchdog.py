import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading
import time
import timeit
import warnings

import pytest
import requests

from corpusmill.errors import DeadlineError, Interrupted
from corpusmill.http.guard import GuardedAdapter
from corpusmill.http.watchdog import Watchdog
from tests.corpusmill.http.server import Server, bare, hangs, head, repeats, sized

DEADLINE = 0.5
NEVER = 3600.0
TRIES = 20  # the machine may have other things to do while one is timed

DRIPS = {
    "nothing at all": hangs(),
    "a header, a byte at a time": repeats(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"z", every=0.02),
    "headers without end": repeats(b"HTTP/1.1 200 OK\r\n", b"X-More: z\r\n", every=0.05),
    "a body, a byte at a time": repeats(head("Content-Length: 100000"), b"z", every=0.02),
    "a body to the end of the connection": repeats(head("Connection: close"), b"z", every=0.02),
    "chunks, a byte at a time": repeats(head("Transfer-Encoding: chunked"), b"1\r\nz\r\n", every=0.02),
    "half a body, then nothing": hangs(head("Content-Length: 100000"), b"z" * 50_000),
    "continue, without end": repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.05),
}


def client(watchdog: Watchdog) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(allow_private=True, watchdog=watchdog))
    return session


def seconds_of(watchdog: Watchdog, action) -> float:
    """How long it took until the deadline ended `action`."""
    began = time.monotonic()
    with pytest.raises(DeadlineError), watchdog.within(DEADLINE):
        action()
    return time.monotonic() - began


def ends_in_time(watchdog: Watchdog, action) -> bool:
    taken = [seconds_of(watchdog, action)]
    while not DEADLINE <= taken[-1] <= 1.1 * DEADLINE and len(taken) < TRIES:
        taken.append(seconds_of(watchdog, action))
    return DEADLINE <= taken[-1] <= 1.1 * DEADLINE


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("name", DRIPS)
def test_whatever_drips_ends_at_the_deadline(name, tls, certificates):
    watchdog = Watchdog()
    context = certificates["trusted"] if tls else None
    with Server({"/x": DRIPS[name]}, context=context) as server, client(watchdog) as session:
        session.verify = certificates["authority"]
        assert ends_in_time(watchdog, lambda: session.get(f"{server.address}/x", timeout=30))


@pytest.mark.parametrize("name", ["a body, a byte at a time", "a body to the end of the connection"])
def test_a_body_that_is_read_in_a_block_of_its_own_ends_at_its_deadline(name):
    watchdog = Watchdog()
    with Server({"/x": DRIPS[name]}) as server, client(watchdog) as session:
        with watchdog.within(NEVER):
            response = session.get(f"{server.address}/x", timeout=30, stream=True)
        with response:
            assert ends_in_time(watchdog, response.raw.read)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_host_that_accepts_and_says_nothing_ends_at_the_deadline(scheme):
    watchdog = Watchdog()
    with socket.create_server(("127.0.0.1", 0)) as mute, client(watchdog) as session:
        address = f"{scheme}://127.0.0.1:{mute.getsockname()[1]}/"
        assert ends_in_time(watchdog, lambda: session.get(address, timeout=30))


def test_a_proxy_that_drips_ends_at_the_deadline():
    watchdog = Watchdog()
    with Server({}, otherwise=DRIPS["headers without end"]) as proxy, client(watchdog) as session:
        proxies = {"http": proxy.address, "https": proxy.address}
        for scheme in proxies:
            get = functools.partial(session.get, f"{scheme}://a.example/", timeout=30, proxies=proxies)
            assert ends_in_time(watchdog, get)


def test_a_block_that_swallows_what_happened_is_told_of_the_deadline():
    watchdog = Watchdog()
    with (
        Server({"/x": hangs()}) as server,
        client(watchdog) as session,
        pytest.raises(DeadlineError, match=r"0\.2 s"),
        watchdog.within(0.2),
        contextlib.suppress(requests.RequestException),
    ):
        session.get(f"{server.address}/x", timeout=30)


def test_a_body_that_ends_with_its_connection_is_not_taken_for_whole():
    watchdog = Watchdog()
    with (
        Server({"/x": DRIPS["a body to the end of the connection"]}) as server,
        client(watchdog) as session,
        pytest.raises(DeadlineError),
        watchdog.within(0.2),
    ):
        assert session.get(f"{server.address}/x", timeout=30).content


def test_a_deadline_that_passes_between_connections_ends_the_next_one_at_once():
    watchdog = Watchdog()
    with Server({"/x": sized(b"x")}) as server, client(watchdog) as session:
        with pytest.raises(DeadlineError), watchdog.within(0.05):
            time.sleep(0.1)
            session.get(f"{server.address}/x")
        assert not server.asked


def test_connections_that_end_in_time_are_used_again():
    watchdog = Watchdog()
    with Server({"/x": lambda talk: talk.whole(b"x")}) as server, client(watchdog) as session:
        for _ in range(50):
            with watchdog.within(0.3):
                assert session.get(f"{server.address}/x").content == b"x"
        time.sleep(0.35)  # every deadline is past, and nothing was cut
        with watchdog.within(NEVER):
            assert session.get(f"{server.address}/x").content == b"x"
        assert server.connections == 1


def test_a_connection_that_was_cut_is_not_used_again():
    watchdog = Watchdog()
    with Server({"/x": lambda talk: talk.whole(b"x")}) as server, client(watchdog) as session:
        with pytest.raises(DeadlineError), watchdog.within(0.1):
            session.get(f"{server.address}/x")
            time.sleep(0.2)
        with watchdog.within(NEVER):
            assert session.get(f"{server.address}/x").content == b"x"
        assert server.connections == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted(15), SystemExit(3), GeneratorExit()])
@pytest.mark.parametrize("seconds", [0.0, NEVER])
def test_interruptions_pass_as_they_are_even_when_the_time_is_up(error, seconds):
    with pytest.raises(type(error)) as raised, Watchdog().within(seconds):
        raise error
    assert raised.value is error


def test_an_error_in_time_passes_as_it_is_and_a_late_one_is_the_cause_of_the_deadline_error():
    error = ValueError("x")
    with pytest.raises(ValueError, match="x"), Watchdog().within(NEVER):
        raise error
    with pytest.raises(DeadlineError) as raised, Watchdog().within(0):
        raise error
    assert raised.value.__cause__ is error


def test_a_block_inside_another_has_its_own_deadline_and_then_the_outer_one_counts_again():
    watchdog = Watchdog()
    with pytest.raises(DeadlineError, match=r"than 0\.1 s"), watchdog.within(0.1):
        with pytest.raises(DeadlineError, match=r"than 0\.01 s"), watchdog.within(0.01):
            time.sleep(0.02)
        assert 0 < watchdog.left() < 0.1
        with watchdog.within(NEVER):
            time.sleep(0.1)
            assert watchdog.left() > 1000


def test_each_thread_has_deadlines_of_its_own():
    watchdog, outcomes = Watchdog(), {}
    slow = repeats(head("Content-Length: 30"), b"z", every=0.02, times=30)

    def fetch(seconds: float) -> None:
        try:
            with watchdog.within(seconds), client(watchdog) as session:
                outcomes[seconds] = len(session.get(f"{server.address}/x").content)
        except DeadlineError as error:
            outcomes[seconds] = error.message

    with Server({"/x": slow}) as server:
        threads = [threading.Thread(target=fetch, args=(seconds,)) for seconds in (0.1, 0.2, 30.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    late = "the answer took longer than {} s"
    assert outcomes == {0.1: late.format(0.1), 0.2: late.format(0.2), 30.0: 30}


def test_two_hundred_blocks_leave_one_thread_that_ends_when_there_is_nothing_to_watch():
    before, watchdog = set(threading.enumerate()), Watchdog(look=0.2)
    assert set(threading.enumerate()) <= before
    for number in range(200):
        with watchdog.within(NEVER - number):
            pass
    (thread,) = set(threading.enumerate()) - before
    thread.join(5)
    assert not thread.is_alive()
    with pytest.raises(DeadlineError), watchdog.within(0.01):
        time.sleep(0.02)


def test_a_block_costs_less_than_twenty_microseconds():
    watchdog = Watchdog()

    def block() -> None:
        with watchdog.within(NEVER):
            pass

    assert min(timeit.repeat(block, number=1000, repeat=20)) / 1000 < 20e-6


def test_a_forked_process_watches_anew_and_leaves_the_sockets_of_its_parent_alone():
    watchdog = Watchdog()
    with Server({"/x": bare(b"x")}) as server, client(watchdog) as session, watchdog.within(NEVER):
        parents = socket.create_connection(("127.0.0.1", server.port))
        watchdog.watch(parents)
        with warnings.catch_warnings(action="ignore"):  # CPython 3.12 warns of fork in any process with threads
            child = os.fork()
        if not child:
            late = False
            try:
                with watchdog.within(0.05):
                    time.sleep(0.15)
            except DeadlineError:
                late = True
            os._exit(0 if late and threading.active_count() == 2 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        parents.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        assert parents.recv(100).startswith(b"HTTP/1.1 200")
        parents.close()
        assert session.get(f"{server.address}/x").content == b"x"


def test_a_process_ends_though_a_deadline_is_far_off():
    program = f"from corpusmill.http.watchdog import Watchdog\nWatchdog().within({NEVER}).__enter__()\nprint('done')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
