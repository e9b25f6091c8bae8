"""A writer to be killed: ``python -m corpusmill.doctor.victim FOLDER``.

It publishes one small folder after another and points a file at it, as the store does it, and says the number on its
standard output once the calls have returned. What a folder must hold follows from its number.
"""

import random
import sys
from pathlib import Path

from corpusmill.store import commit

LATEST = "latest"
FILES = 3


def main(root: Path) -> None:
    """Sweep what the one before left, then publish until the end comes."""
    commit.sweep(root)
    commit.sweep(root / "versions")
    number = 1 + max(whole_numbers(root), default=0)
    while True:
        publish(root, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


def publish(root: Path, number: int) -> None:
    """One folder, manifest last, then the file that points at it."""
    final = root / "versions" / str(number)
    with commit.work_folder(final) as work:
        for name, body in bodies(number).items():
            (work / name).write_bytes(body)
        if not commit.publish(work, final, manifest(number)):
            message = f"{final} was there already"
            raise FileExistsError(message)
    commit.write_file(root / LATEST, manifest(number))


def bodies(number: int) -> dict[str, bytes]:
    """The files of a folder: some thousand bytes each, other ones for every number."""
    return {f"file{n}": random.Random(number * FILES + n).randbytes(2000 + 500 * n) for n in range(FILES)}


def manifest(number: int) -> bytes:
    """What it says of itself."""
    return b'{"number": %d}\n' % number


def whole_numbers(root: Path) -> list[int]:
    """The numbers of all folders that show."""
    return [int(path.name) for path in (root / "versions").glob("[!.]*/")]


def torn(root: Path) -> list[str]:
    """What shows and is not whole."""
    found = []
    for number in whole_numbers(root):
        folder = root / "versions" / str(number)
        wanted = {**bodies(number), commit.MANIFEST: manifest(number)}
        if {path.name: path.read_bytes() for path in folder.iterdir()} != wanted:
            found.append(str(folder))
    latest = root / LATEST
    if latest.is_file() and latest.read_bytes() not in map(manifest, whole_numbers(root)):
        found.append(str(latest))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
