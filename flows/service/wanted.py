"""What is to stand: where a server listens, what it keeps its history in, and what is registered with it."""

from dataclasses import dataclass, field
from pathlib import Path

from corpusmill.store import Store
from flows.service import address, environment, shelf
from flows.service.ask import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """As it is asked for; the secrets among it are not shown."""

    store: Store
    folder: Path
    prefect_file: Path
    host: str
    port: int
    reports: int  # the port that reports are served on
    postgres: str = field(repr=False)
    secret: str = field(repr=False)
    webhook: str = field(repr=False)
    days: int
    workers: int | None = None  # None: as many as there are processors

    @property
    def url(self) -> str:
        """For programs on this machine."""
        return address.url(self.host, self.port)

    @property
    def api(self) -> Api:
        """The server's."""
        return Api(f"{self.url}/api", self.secret)

    @property
    def client(self) -> dict[str, str]:
        """The environment of what talks to the server."""
        made = environment.client(self.folder, self.url, self.secret, self.store)
        return {**made, shelf.VARIABLE: address.outside(self.host, self.reports) or self.shelf}

    @property
    def shelf(self) -> str:
        """Where programs on this machine find the reports."""
        return address.url(self.host, self.reports)

    @property
    def closed(self) -> bool:
        """Whether strangers are kept out: by a password, or because nobody else reaches it."""
        return bool(self.secret) or address.is_loopback(self.host)

    @property
    def options(self) -> tuple[str, ...]:
        """The same as options of the command, without what is secret."""
        said = {
            "--store": self.store.place,
            "--prefect-file": self.prefect_file,
            "--host": self.host,
            "--port": self.port,
            "--days": self.days,
            "--workers": self.workers,
        }
        return tuple(f"{name}={value}" for name, value in said.items() if value is not None)

    @property
    def secrets(self) -> dict[str, str]:
        """The rest of it, as the command takes it from the environment."""
        said = {"AUTH": self.secret, "POSTGRES": self.postgres, "WEBHOOK": self.webhook}
        return {f"CORPUSMILL_{name}": value for name, value in said.items()}
