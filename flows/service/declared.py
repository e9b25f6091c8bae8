"""What a prefect.yaml declares, and how it comes to a server."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import corpusmill
from corpusmill.errors import FlowError, UsageError
from flows.service.ask import Api

SECONDS = 300
_LAST = 20  # lines of what Prefect said that an error repeats


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry, as far as it can be looked for on a server."""

    name: str
    entrypoint: str
    pool: str
    limit: int | None
    every: str = ""  # slug of its schedule


def default_file() -> Path:
    """That of the checkout, or the one that travels in a wheel."""
    here = Path(corpusmill.__file__).parent
    installed = here / "_prefect.yaml"
    return installed if installed.is_file() else here.parent / "prefect.yaml"


def read(path: Path) -> tuple[Deployment, ...]:
    """Raises UsageError for a file that declares no deployments."""
    try:
        body = msgspec.yaml.decode(path.read_bytes())
        return tuple(_deployment(entry) for entry in body["deployments"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check --prefect-file") from error
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
        hint = "it needs deployments, each with name, entrypoint and work_pool"
        raise UsageError(f"{path} declares no deployments ({type(error).__name__}: {error})", hint) from error


def _deployment(entry: Mapping[str, Any]) -> Deployment:
    limit = entry.get("concurrency_limit")
    return Deployment(
        entry["name"],
        entry["entrypoint"],
        entry["work_pool"]["name"],
        limit["limit"] if isinstance(limit, Mapping) else limit,
        next((str(schedule.get("slug", "")) for schedule in entry.get("schedules") or ()), ""),
    )


def register(path: Path, environment: Mapping[str, str], folder: Path) -> None:
    """`prefect deploy --all`. Raises FlowError with the last of what it said."""
    command = [sys.executable, "-P", "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(path)]
    done = subprocess.run(  # noqa: S603 - this interpreter
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    (folder / "deploy.log").write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        last = " ".join(" ".join(done.stdout.splitlines()[-_LAST:]).split())
        raise FlowError(f"prefect deploy failed with status {done.returncode}: {last}", f"see {folder / 'deploy.log'}")


def missing(wanted: tuple[Deployment, ...], api: Api) -> tuple[Deployment, ...]:
    """What is declared and not on the server: Prefect leaves out what names no work pool, and says so in passing."""
    there = {(found["name"], found["entrypoint"]) for found in api.every("deployments")}
    return tuple(each for each in wanted if (each.name, each.entrypoint) not in there)
