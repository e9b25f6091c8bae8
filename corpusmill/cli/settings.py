"""Settings of this machine, read from the environment once and passed on as arguments."""

import os
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from corpusmill.store import Store


def default_store() -> Path:
    """CORPUSMILL_STORE, or else a folder for the user's data."""
    return Path(os.environ.get("CORPUSMILL_STORE") or Path(platformdirs.user_data_dir("corpusmill"), "store"))


def mirror() -> str:
    """CORPUSMILL_MIRROR: an address that stands in for every host, or empty."""
    return os.environ.get("CORPUSMILL_MIRROR", "")


def open_store(path: Path | None) -> Store:
    """The store a command works on."""
    return Store((path or default_store()).expanduser().absolute())


StoreOption = Annotated[
    Path | None, typer.Option("--store", help="Folder of the store (default: CORPUSMILL_STORE, or your data folder).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key of the corpus file: train.hidden=256. Repeatable.", metavar="KEY=VALUE"),
]
MinutesOption = Annotated[float | None, typer.Option("--minutes", help="Training time, in minutes (default 2).")]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Use what was collected before; no network.")]


def overrides(sets: list[str] | None, minutes: float | None = None) -> tuple[str, ...]:
    """``--set`` and ``--minutes`` as one list; ``--minutes`` wins."""
    return (*(sets or ()), *(() if minutes is None else (f"train.minutes={minutes}",)))
