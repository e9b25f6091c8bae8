"""What several processes do to one another: one winner where there may be one, and never half of a file."""

import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from corpusmill.doctor.disk import workbench
from corpusmill.doctor.finding import WELL, WRONG, Finding
from corpusmill.store import Store, commit

RACERS = 4
ROUNDS = 50
_BODIES = (b"a" * 9000, b"b" * 12000)
_OTHER_DISK = "never let two commands write here at once, or use another disk"

RACER = """
import os, sys
from pathlib import Path
root, me, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
mine = root / f"mine-{me}"
mine.write_bytes(me.encode())
print("ready", flush=True)
for number in range(rounds):
    sys.stdin.readline()
    folder = root / f"folder-{me}-{number}"
    folder.mkdir()
    (folder / "file").write_bytes(me.encode())
    won = []
    for name, act in (("link", lambda: os.link(mine, root / f"link-{number}")),
                      ("folder", lambda: os.rename(folder, root / f"final-{number}"))):
        try:
            act()
            won.append(name)
        except OSError:
            pass
    print(" ".join(won), flush=True)
"""


def first(store: Store) -> Iterator[Finding]:
    """Of several processes that make one link, or move a folder to one name, one wins each time."""
    with workbench(store) as root:
        racers = [
            subprocess.Popen(  # noqa: S603 - the lines above
                [sys.executable, "-c", RACER, str(root), str(n), str(ROUNDS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
            for n in range(RACERS)
        ]
        try:
            won = _rounds(racers)
        finally:
            for racer in racers:
                racer.kill()
                racer.communicate()
    for name, what in (("link", "create a name (link)"), ("folder", "move a folder to a name (rename)")):
        winners = Counter(" ".join(said).split().count(name) for said in won)
        told = f"{RACERS} processes {what}, {ROUNDS} times"
        if set(winners) == {1}:
            yield Finding("first", WELL, f"{told}: exactly one won each time")
        else:
            yield Finding("first", WRONG, f"{told}: {dict(winners)} rounds by number of winners", _OTHER_DISK)


def _rounds(racers: list["subprocess.Popen[str]"]) -> list[list[str]]:
    """What each said that it won, round by round."""
    won = []
    for racer in racers:
        assert racer.stdout
        racer.stdout.readline()
    for _ in range(ROUNDS):
        for racer in racers:
            assert racer.stdin
            racer.stdin.write("\n")
        won.append([racer.stdout.readline().strip() for racer in racers if racer.stdout])
    return won


def renames(store: Store) -> Iterator[Finding]:
    """A file that is replaced again and again is there at every moment, as it was or as it is."""
    wrong: Counter[str] = Counter()
    with workbench(store) as root:
        path, over = root / "file", threading.Event()
        commit.write_file(path, _BODIES[0])
        reader = threading.Thread(target=_read, args=(path, over, wrong))
        reader.start()
        for number in range(ROUNDS):
            commit.write_file(path, _BODIES[number % 2])
        over.set()
        reader.join()
        work, final = root / "work", root / "final"
        for folder in (work, final):
            folder.mkdir()
            (folder / "file").write_bytes(b"")
        try:
            work.rename(final)
            wrong["a folder replaced one that was not empty"] += 1
        except OSError:
            pass
    if sum(wrong.values()):
        told = ", ".join(f"{count} times {what}" for what, count in wrong.items())
        yield Finding("rename", WRONG, f"of {ROUNDS} replacements {told}", "use another disk")
    else:
        yield Finding("rename", WELL, f"{ROUNDS} replacements, every reader saw the one file or the other")


def _read(path: Path, over: threading.Event, wrong: "Counter[str]") -> None:
    while not over.is_set():
        try:
            wrong["half of a file was seen"] += path.read_bytes() not in _BODIES
        except OSError:
            wrong["no file was seen"] += 1


def bucket(store: Store) -> Iterator[Finding]:
    """Of several who create one key in a bucket one wins, and whoever lists it then sees it."""
    objects = store.bucket
    if objects is None:
        return
    folder, unseen, winners = f"commits/race-{uuid.uuid4().hex}/", 0, Counter[int]()
    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(ROUNDS):
            key = f"{folder}{number}"
            won = list(pool.map(lambda me, key=key: objects.create(key, b"%d" % me), range(RACERS)))
            winners[sum(won)] += 1
            unseen += key not in {found.key for found in objects.list(folder)}
    objects.delete([f"{folder}{number}" for number in range(ROUNDS)])
    told = f"{RACERS} at once create a key in {objects}, {ROUNDS} times"
    if set(winners) == {1} and not unseen:
        yield Finding("bucket", WELL, f"{told}: exactly one won each time, and the key was listed at once")
    else:
        why = f"{dict(winners)} rounds by number of winners, {unseen} keys not listed at once"
        yield Finding("bucket", WRONG, f"{told}: {why}", "use a server that keeps If-None-Match: * and lists at once")
