"""Settings of this machine, read from the environment once and passed on as arguments."""

import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import platformdirs
import typer

from corpusmill import processors
from corpusmill.errors import UsageError
from corpusmill.secrets import PREFIX, lift
from corpusmill.spec import nearest
from corpusmill.store import Store, opened

_BUDGET = re.compile(r"train\.(steps|epochs)=(?!0*\.?0*$)")  # more than 0 of them: the minutes would not count


def default_store() -> str:
    """CORPUSMILL_STORE, or else a folder for the user's data."""
    return os.environ.get("CORPUSMILL_STORE") or str(Path(platformdirs.user_data_dir("corpusmill"), "store"))


def network(*, allow_private: bool = False) -> dict[str, Any]:
    """What the environment and an option say of the network, as a Job takes it."""
    from corpusmill.http import Network

    said = asdict(Network.of(os.environ))
    return {**said, "allow_private": allow_private or said["allow_private"]}


def workers() -> int | None:
    """How many processes may work at once, as a Job takes it."""
    return processors.asked(os.environ)


def cluster(said: str | None) -> str:
    """The cluster that builds, as a Job takes it: what an option says, or else CORPUSMILL_ON."""
    return processors.cluster(os.environ) if said is None else said.strip()


def helps() -> bool:
    """Whether this is one of the processes that torchrun starts beside the first one: it works, and says nothing."""
    return os.environ.get("RANK", "0") != "0" and os.environ.get("WORLD_SIZE", "1") != "1"


def without_secrets(target: str) -> str:
    """An address whose secrets have moved into the environment, ``${URL_1}`` in their place; other targets as they are.

    So neither a manifest nor Prefect's history, nor a log, ever holds them.
    """
    if "://" not in target:
        return target
    address, found = lift(target)
    os.environ.update({f"{PREFIX}{name}": value for name, value in found.items()})
    return address


def open_store(place: str | None) -> Store:
    """The store a command works on. Raises UsageError for an address that is none of a store."""
    return opened(place or default_store(), os.environ)


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PATH|s3://BUCKET/PREFIX",
        help="Where the store is (default: CORPUSMILL_STORE, or your data folder).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key of the corpus file: train.hidden=256. Repeatable.", metavar="KEY=VALUE"),
]
MinutesOption = Annotated[float | None, typer.Option("--minutes", help="Training time, in minutes (default 2).")]
EngineOption = Annotated[
    str | None,
    typer.Option(metavar="auto|torch|numba", help="What computes the recurrent layers (default auto: the faster one)."),
]
PrivateOption = Annotated[
    bool, typer.Option("--allow-private", help="Let hosts of a private network be asked, this machine among them.")
]
AcceptOption = Annotated[bool, typer.Option("--accept", help="Take what was held for review because it looks wrong.")]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ray://HOST:PORT|dask://HOST:PORT",
        help="Build on the machines of this cluster (default: CORPUSMILL_ON, or on this one).",
    ),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Use what was collected before; no network.")]


def overrides(sets: list[str] | None, minutes: float | None = None, engine: str | None = None) -> tuple[str, ...]:
    """``--set``, ``--minutes`` and ``--engine`` as one list, in which the latter win.

    Raises UsageError for minutes beside another budget, and for an engine that there is not.
    """
    given, more = sets or [], []
    if minutes is not None:
        if other := next((item for item in given if _BUDGET.match(item)), ""):
            raise UsageError(f"--minutes and --set {other} are two budgets", "give one of them")
        more.append(f"train.minutes={minutes}")
    if engine is not None:
        more.append(f"train.engine={_engine(engine)}")
    return (*given, *more)


def _engine(name: str) -> str:
    from model.options import Engine

    if name not in (known := get_args(Engine)):
        raise UsageError(f"no engine is named {name!r}", nearest(name, known, "engines"))
    return name
