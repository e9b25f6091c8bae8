"""A process that trains: reads tasks from its standard input, a line of JSON each, and answers in lines of JSON.

Started by `model.sweep.crew`. SIGTERM makes it save and end; SIGINT, which Ctrl-C sends to a whole group, is left to
who started it. When that one is gone, the first thing it has to say ends it, with what was saved last.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase

import msgspec

from corpusmill.errors import CorpusmillError, Interrupted
from corpusmill.store import opened
from corpusmill.types import Corpus

DIED = "Died"  # kind of an error that nobody foresaw
EVERY = 0.5  # seconds between two lines of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to train: the resolved corpus, and the version by the name of its folder."""

    corpus: Corpus
    version: str
    store: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of an answer: progress, or how it ended: a run's id, or what went wrong."""

    done: float = 0.0
    total: float = 0.0
    note: str = ""
    run: str = ""
    made: bool = False
    error: str = ""  # the message
    kind: str = ""  # of the error, as in `CorpusmillError.kind`
    hint: str = ""

    @property
    def is_last(self) -> bool:
        """Whether the task is over."""
        return bool(self.run or self.error)


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints is no answer
    for line in sys.stdin.buffer:
        try:
            said = _trained(msgspec.json.decode(line, type=Task), answers)
        except CorpusmillError as error:
            said = Said(error=error.message, kind=error.kind, hint=error.hint)
        except Interrupted as stopped:
            sys.exit(128 + stopped.signum)
        except BrokenPipeError:
            return  # nobody is there to hear it
        except Exception as error:  # noqa: BLE001 - one trial's accident, whatever it is, is no other's
            said = Said(error=f"{type(error).__name__}: {error}", kind=DIED, hint="train it alone to see where")
        with suppress(BrokenPipeError):
            _say(answers, said)


def _trained(task: Task, answers: RawIOBase) -> Said:
    from model.train import fit

    last = 0.0

    def progress(_stage: str, done: float, total: float, note: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            _say(answers, Said(done=done, total=total, note=note))

    store = opened(task.store, os.environ)
    run, made = fit(task.corpus, store.version(task.corpus.name, task.version), store, progress=progress)
    return Said(run=run.id, made=made)


def _say(answers: RawIOBase, said: Said) -> None:
    answers.write(msgspec.json.encode(said) + b"\n")


if __name__ == "__main__":
    main()
