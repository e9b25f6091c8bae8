import inspect
import pickle
import re
import signal

import pytest

from corpusmill import errors
from corpusmill.errors import CorpusmillError, Interrupted, SpecError, UsageError

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
FAILURES = [kind for kind in CLASSES if issubclass(kind, CorpusmillError)]


def test_the_docstring_draws_the_tree_as_it_is():
    lines = re.findall(r"^( *)[*x.-] (\w+)", errors.__doc__ or "", re.MULTILINE)
    path: list[str] = []
    drawn = {}
    for indent, name in lines:
        path[len(indent) // 2 :] = [name]
        drawn[name] = path[-2] if len(path) > 1 else None
    ours = {kind.__name__ for kind in CLASSES}
    assert drawn == {k.__name__: k.__base__.__name__ if k.__base__.__name__ in ours else None for k in CLASSES}


@pytest.mark.parametrize("kind", FAILURES)
def test_an_error_is_one_line_of_what_happened_and_what_to_do(kind):
    error = kind("a.toml: key 'x' is wrong", "mend it")
    assert str(error) == "a.toml: key 'x' is wrong: mend it"
    assert str(kind("no hint here")) == "no hint here"


@pytest.mark.parametrize("kind", FAILURES)
def test_an_error_reaches_another_process_whole(kind):
    error = pickle.loads(pickle.dumps(kind("what", "do this")))  # noqa: S301 - its own bytes
    assert (type(error), error.message, error.hint) == (kind, "what", "do this")


def test_the_kind_is_the_class_without_the_word_error():
    assert [SpecError("x").kind, UsageError("x").kind] == ["Spec", "Usage"]


def test_wrong_usage_exits_2_what_is_held_3_and_everything_else_1():
    assert {kind.__name__: kind.exit_status for kind in FAILURES if kind.exit_status != 1} == {
        "UsageError": 2,
        "HeldError": 3,
    }


def test_an_interruption_is_no_exception_that_a_careless_handler_would_swallow():
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert not issubclass(Interrupted, Exception)


def test_an_interruption_keeps_its_signal_across_processes():
    stopped = pickle.loads(pickle.dumps(Interrupted(signal.SIGTERM)))  # noqa: S301 - its own bytes
    assert stopped.signum == signal.SIGTERM
    assert Interrupted().signum == signal.SIGINT
