"""What stands, told by a file: who is up where, for `down`, `doctor` and a second `up`.

The folder is the user's alone (0700). The file holds no secret; a password lies beside it, in a file of its own (0600).
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import platformdirs

from corpusmill.errors import FlowError
from corpusmill.store import Store
from corpusmill.store.commit import make_folder, write_file
from flows.service.processes import Process

NAME = "up.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A server and its workers, starting or up."""

    supervisor: Process
    host: str
    port: int
    url: str
    ui: str
    reports: str = ""  # where they are served
    database: str
    auth: str = ""  # the file that has the password
    since: str
    ready: bool = False
    prefect_file: str = ""
    pools: dict[str, int | None] = field(default_factory=dict)
    deployments: int = 0
    automations: tuple[str, ...] = ()
    server: Process | None = None
    shelf: Process | None = None  # serves the reports
    workers: dict[str, Process] = field(default_factory=dict)


def folder_of(store: Store) -> Path:
    """Where the state of a store's server lies: with the store, or for a bucket with what this machine keeps."""
    if store.bucket is None:
        return store.root / ".prefect" / "up"
    digest = hashlib.sha256(store.place.encode()).hexdigest()[:16]
    return platformdirs.user_state_path("corpusmill") / "up" / digest


def private(folder: Path) -> Path:
    """The folder, made if missing, for its owner alone."""
    make_folder(folder)
    folder.chmod(0o700)
    return folder


def read(folder: Path) -> Up | None:
    """What the file says, whether it is still so or not. Raises FlowError where it cannot be read as such."""
    path = folder / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Up)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = "end what it started by hand, and remove the file"
        raise FlowError(f"{path} is not what corpusmill up writes ({error})", hint) from error


def write(folder: Path, up: Up) -> None:
    """Say what stands."""
    write_file(folder / NAME, msgspec.json.format(msgspec.json.encode(up), indent=2))


def forget(folder: Path) -> None:
    """Nothing stands any more."""
    (folder / NAME).unlink(missing_ok=True)


def keep_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first moment on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
