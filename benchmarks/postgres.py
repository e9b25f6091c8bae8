"""A PostgreSQL server of its own in a folder, on loopback, for as long as a block runs. Needs Debian's postgresql.

with postgres.running(folder, port) as url: …
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")  # its programs stand in VERSION/bin, outside PATH


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where there is none."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).resolve().parent if beside else None


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """The SQLAlchemy address of a fresh database. Raises OSError where PostgreSQL is not installed."""
    found = programs()
    if not found:
        raise OSError("PostgreSQL is not installed: apt-get install postgresql")
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)  # it may run as another user than we
    if not os.geteuid():  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"
    _do(found / "initdb", "-D", data, "-U", "prefect", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -p {port}"
    _do(found / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
    try:
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
    finally:
        _do(found / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _do(program: Path, *arguments: object) -> None:
    command = [str(program), *map(str, arguments)]
    if not os.geteuid():
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{program.name} ended with status {done.returncode}: {done.stderr.strip()}")
