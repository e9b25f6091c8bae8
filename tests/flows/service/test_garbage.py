"""Garbage goes in a thread of its own, and never on the one that makes it."""

import subprocess
import sys

from tests.flows.programs import ROOT

PROGRAM = """
import gc, threading, time
from flows.service import garbage

freed = []

class Cycle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        freed.append(threading.current_thread().name)

garbage.PAUSE = 0.05
garbage.collect_aside()
assert not gc.isenabled()
for _ in range(5000):
    Cycle()
deadline = time.monotonic() + 60
while len(freed) < 5000 and time.monotonic() < deadline:
    time.sleep(0.05)
print(len(freed), set(freed))
"""


def test_cycles_are_freed_by_a_thread_of_its_own():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "5000 {'garbage'}\n"
