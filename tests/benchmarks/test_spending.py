"""Programs that burn what they are told to."""

import subprocess
import sys
import time

import pytest

from benchmarks.spending import Spending, fields, of_session

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"
NURSE = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}, 'grinding'])\nsys.stdin.read()"


@pytest.fixture
def nurse():
    """A program that has another one burn half a second, and stays."""
    command = [sys.executable, "-c", NURSE, "nursing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as program:
        yield program


def test_what_has_ended_by_then_is_counted_by_its_name(nurse):
    spending = Spending([nurse.pid], {"pytest": "asking", "nursing": "nurse", "grinding": "mill"})
    deadline = time.monotonic() + 60
    while "mill" not in {name for name, _ in spending._seen.values()} and time.monotonic() < deadline:
        time.sleep(0.01)
    while list(of_session(nurse.pid)) != [nurse.pid] and time.monotonic() < deadline:
        time.sleep(0.05)

    spent = spending.by_program()

    assert spent.keys() == {"asking", "mill", "nurse"}
    assert 0.1 <= spent["mill"] < 1.5  # one look before it ended, at least
    assert spent["nurse"] < 1.0


def test_a_process_that_is_not_there_has_no_fields():
    with pytest.raises(OSError, match="No such file"):
        fields(2**30)
