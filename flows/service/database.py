"""Where the server keeps its history: a file of SQLite's, or a database of PostgreSQL's, asked before it is used."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from corpusmill.errors import FlowError, UsageError

DRIVER = "postgresql+asyncpg"
VARIABLE = "CORPUSMILL_POSTGRES"
FLOOR = 14  # Prefect's own
SECONDS = 10
_PORT = 5432
_GRANT = "CREATE EXTENSION pg_trgm; GRANT CREATE ON SCHEMA public TO …"
_SCHEMES = ("postgresql", "postgres", DRIVER)


def connection(postgres: str, folder: Path) -> str:
    """As Prefect takes it. Raises UsageError for an address of another kind."""
    if not postgres:
        return f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
    parts = urlsplit(postgres)
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.path.strip("/"):
        hint = f"postgresql://USER@HOST:PORT/DATABASE; a password best in {VARIABLE} or ~/.pgpass"
        raise UsageError("--postgres names no database of PostgreSQL", hint)
    return urlunsplit(parts._replace(scheme=DRIVER))


def told(postgres: str) -> str:
    """For people: without what is secret."""
    if not postgres:
        return "SQLite"
    parts = urlsplit(postgres)
    return f"PostgreSQL {parts.hostname}:{parts.port or _PORT}{parts.path}"


def check(postgres: str) -> None:
    """Ask the database for what the server will need. Raises FlowError."""
    if postgres:
        asyncio.run(_check(postgres))


async def _check(postgres: str) -> None:
    import asyncpg

    parts, where = urlsplit(postgres), told(postgres)
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    refused: tuple[type[BaseException], ...] = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
    try:
        client = await asyncpg.connect(plain, timeout=SECONDS)
    except refused as error:
        raise FlowError(f"{where} does not let us in ({_why(error)})", _remedy(error, parts.path[1:])) from error
    try:
        _check_version(client.get_server_version().major, where)
        await _check_extension(client, where)
    finally:
        await client.close()


def _check_version(major: int, where: str) -> None:
    if major < FLOOR:
        raise FlowError(f"{where} is PostgreSQL {major}", f"the server needs {FLOOR} or newer")


async def _check_extension(client: Any, where: str) -> None:
    import asyncpg

    change = client.transaction()
    await change.start()
    try:
        await client.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        await client.execute("CREATE TABLE corpusmill_may_create (id int)")
    except asyncpg.PostgresError as error:
        hint = f"as a superuser, in that database: {_GRANT} (pg_trgm comes with the package postgresql-contrib)"
        raise FlowError(f"{where} refuses what the server must create ({_why(error)})", hint) from error
    finally:
        await change.rollback()


def _why(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]


def _remedy(error: BaseException, database: str) -> str:
    import asyncpg

    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return f"make it: createdb {database}"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InterfaceError):
        return f"check name and password; a password is best in {VARIABLE}, PGPASSWORD or ~/.pgpass"
    return "check host and port, and that it runs"
