"""A kind of material for tests of the builder: a file is a document, and its first word may ask for trouble.

    with_odd_kind(folder, monkeypatch)      # then: corpus(parse={"kind": "odd"}), in this process and in workers

Every file that is parsed is noted, so that a test sees what was parsed again.
"""

import fcntl
import os
import sys
import time
from pathlib import Path

from preprocess import parse as kinds

SOURCE = '''
"""A file is a document; its first word may ask for trouble."""
import fcntl, os, time
from dataclasses import dataclass
from pathlib import Path
from corpusmill.errors import BuildError, ParseError
from preprocess.parse import ParseOptions, document

HERE = Path(__file__).parent

class Awkward(Exception):
    """One that cannot be read back from a pickle."""
    def __init__(self, one, other):
        super().__init__(one)

@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ParseOptions):
    pass

def parse(file, body, options):
    if os.environ.get("ODD_HOLDS"):
        fcntl.flock(os.open(HERE / "alive", os.O_CREAT | os.O_RDWR), fcntl.LOCK_SH)  # until the process ends
    with (HERE / "parsed").open("a") as log:
        log.write(file.url + "\\n")
    word = body.split()[0] if body.split() else b""
    if word == b"!wait":
        while not (HERE / "go").exists():
            time.sleep(0.02)
    if word == b"!exit":
        os._exit(3)
    if word == b"!parse":
        raise ParseError("odd: as was asked", "ask for something else")
    if word == b"!build":
        raise BuildError("as was asked", "ask for something else")
    if word == b"!disk":
        raise OSError(28, "No space left on device", "/somewhere")
    if word == b"!awkward":
        raise Awkward("as", "asked")
    number = {"number": int(body.split()[1])} if word == b"!number" else {}
    yield document(file, "", body.decode(), meta=number)
'''
SITE = "import preprocess.parse\npreprocess.parse.__path__.append({folder!r})\n"


class Odd:
    """What was parsed, and who still lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parsed(self) -> list[str]:
        """The addresses that were parsed since this was asked last, sorted."""
        log = self.folder / "parsed"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(lines)

    def go(self) -> None:
        """Let those that wait go on."""
        (self.folder / "go").touch()

    def all_ended(self, within: float = 20) -> bool:
        """Whether every process that parsed (with ODD_HOLDS set) ends soon: the system frees its lock."""
        with (self.folder / "alive").open("a") as file:
            until = time.monotonic() + within
            while time.monotonic() < until:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.05)
                else:
                    return True
        return False


def with_odd_kind(folder: Path, monkeypatch) -> Odd:
    """Put the kind on the path of this process and of those it starts."""
    home = folder / "kinds"
    home.mkdir()
    (home / "odd.py").write_text(SOURCE)
    (home / "sitecustomize.py").write_text(SITE.format(folder=str(home)))
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(home)])
    monkeypatch.delitem(sys.modules, "preprocess.parse.odd", raising=False)
    path = os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return Odd(home)
