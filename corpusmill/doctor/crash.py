"""The crash test: a writer killed at random moments, and what it leaves looked at.

A kill takes the process, not what the system holds for it, so this shows that nothing half-written is ever seen and
that the next writer goes on. It does not show what a power cut leaves: that lies with the disk.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from corpusmill.doctor import victim
from corpusmill.doctor.disk import workbench
from corpusmill.doctor.finding import MIND, WELL, WRONG, Finding
from corpusmill.store import Store
from corpusmill.types import Progress, silent

LONGEST = 0.15  # seconds that a writer has from its first word; it publishes some ten times in that
_KEEP = 5  # folders that stay from one writer to the next


@dataclass(slots=True)
class Toll:
    """What all the kills came to."""

    kills: int = 0
    midway: int = 0  # of them, those that left something half-written, invisible
    told: int = 0  # folders that a writer said were published
    torn: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def kills(store: Store, *, count: int, progress: Progress = silent) -> Iterator[Finding]:
    """Kill writers, one after another, on one folder."""
    toll, chance = Toll(), random.Random()
    with workbench(store) as folder:
        for number in range(count):
            progress("kills", number, count, f"{toll.midway:,} midway through a commit")
            _kill(folder, chance.uniform(0, LONGEST), toll)
    progress("kills", count, count, f"{toll.midway:,} midway through a commit")
    told = f"{toll.kills:,} kills, {toll.midway:,} of them midway; {toll.told:,} commits acknowledged"
    if toll.torn or toll.lost:
        first = (toll.torn + toll.lost)[0]
        hint = f"use another disk: what is written here cannot be relied on (the first: {first})"
        yield Finding("kills", WRONG, f"{told}, {len(toll.torn):,} torn, {len(toll.lost):,} lost", hint)
        return
    state, hint = (WELL, "") if toll.midway else (MIND, "none hit a commit: repeat it with more --kills")
    yield Finding("kills", state, f"{told}, 0 torn, 0 lost; what they left was swept by the next", hint)


def _kill(root: Path, after: float, toll: Toll) -> None:
    """Start a writer, kill it some time after its first word, and look."""
    home = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-P", "-m", "corpusmill.doctor.victim", str(root)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(after)
        writer.kill()
        said = [int(line) for line in (first + writer.stdout.read()).splitlines(keepends=True) if line.endswith("\n")]
    if not said:
        toll.lost.append("a writer that could not write at all")
        return
    toll.kills += 1
    toll.told += len(said)
    toll.midway += any(path.name.endswith(".tmp") for path in (*root.glob(".*"), *root.glob("versions/.*")))
    toll.torn += victim.torn(root)
    shown = set(victim.whole_numbers(root))
    toll.lost += [str(root / "versions" / str(number)) for number in said if number not in shown]
    for number in sorted(shown)[:-_KEEP]:
        shutil.rmtree(root / "versions" / str(number))
