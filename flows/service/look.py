"""Which server `doctor` looks at, and what is declared to be there."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corpusmill.errors import FlowError
from corpusmill.store import Store
from flows.service import auth, declared, state
from flows.service.ask import Api
from flows.service.declared import Deployment
from flows.service.environment import GIVES
from flows.service.state import Up

VARIABLE = "PREFECT_API_URL"


@dataclass(frozen=True, slots=True)
class Look:
    """A server, and how it is meant to be."""

    api: Api
    host: str
    up: Up | None  # where it is the one that `corpusmill up` started for this store
    path: Path
    declared: tuple[Deployment, ...]

    @property
    def pools(self) -> tuple[str, ...]:
        """Those that the deployments name."""
        return tuple(dict.fromkeys(each.pool for each in self.declared))


def look(store: Store, environ: Mapping[str, str]) -> Look | None:
    """The server that the environment, `corpusmill up` or Prefect's profile names; None where there is none."""
    folder = state.folder_of(store)
    up = state.read(folder)
    up = up if up and up.supervisor.lives() else None
    url = (environ.get(VARIABLE) or (up.url if up else "") or _profile(environ)).rstrip("/")
    if not url:
        return None
    ours = up if up and up.url == url else None
    secret = environ.get(GIVES) or (auth.kept(folder) if ours else "")
    path = Path(ours.prefect_file) if ours else declared.default_file()
    host = ours.host if ours else Api(url).host
    return Look(Api(url, secret), host, ours, path, declared.read(path))


def killed(store: Store) -> Up | None:
    """An `up` that ended without clearing up behind it."""
    up = state.read(state.folder_of(store))
    return up if up and not up.supervisor.lives() else None


def _profile(environ: Mapping[str, str]) -> str:
    """Prefect's own settings, read without Prefect: importing it would make its folder."""
    home = Path(environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise FlowError(f"{path} cannot be read ({error})", "mend it, or set PREFECT_API_URL") from error
    active = environ.get("PREFECT_PROFILE") or said.get("active", "")
    return str(said.get("profiles", {}).get(active, {}).get(VARIABLE, ""))
