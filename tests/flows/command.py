"""A command that runs a job as a flow: ``python command.py JOB HOME``.

It prints the address of the Prefect API when training goes on, and the outcome at the end.
"""

import signal
import sys
from pathlib import Path

import msgspec

from corpusmill.errors import Interrupted
from flows.run import run_flow
from flows.stages import Job


def tell(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def terminated(signum, _frame):
    raise Interrupted(signum)


def show(stage, done, _total, _note):
    from prefect.settings import get_current_settings

    if (stage, done) == ("train", 1):
        tell(get_current_settings().api.url)


signal.signal(signal.SIGTERM, terminated)
try:
    outcome = run_flow(msgspec.json.decode(sys.argv[1], type=Job), show, home=Path(sys.argv[2]))
except Interrupted as stopped:
    tell(f"stopped by signal {stopped.signum:d}")
else:
    tell(msgspec.json.encode(outcome).decode())
