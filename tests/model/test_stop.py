import os
import signal
import threading

import pytest

from model import stop


def handlers() -> list:
    return [signal.getsignal(number) for number in stop.SIGNALS]


@pytest.mark.parametrize("number", stop.SIGNALS)
def test_a_signal_is_noted_and_the_handlers_come_back(number):
    before = handlers()

    with stop.on_signals() as stopped:
        assert stopped.signum is None
        os.kill(os.getpid(), number)
        assert stopped.signum == number

    assert handlers() == before


def test_a_second_signal_acts_as_if_nobody_listened():
    with pytest.raises(KeyboardInterrupt), stop.on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)


def test_handlers_come_back_after_an_error():
    before = handlers()

    with pytest.raises(ZeroDivisionError), stop.on_signals():
        _ = 1 / 0

    assert handlers() == before


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop.on_signals() as stopped:
            os.kill(os.getpid(), signal.SIGINT)
            assert stopped.signum is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_signals_are_left_alone():
    before, seen = handlers(), []

    def work():
        with stop.on_signals() as stopped:
            seen.extend([stopped.signum, handlers()])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [None, before]
