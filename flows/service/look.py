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


def find(store: Store, environ: Mapping[str, str]) -> Api | None:
    """The server that the environment, `corpusmill up` or Prefect's profile names; None where none does.

    One that was up and was killed is meant too: that it does not answer is worth to be told.
    """
    folder = state.folder_of(store)
    return _meant(environ, state.read(folder), folder)


def look(store: Store, environ: Mapping[str, str]) -> Look | None:
    """The same server with what is declared to be there; None where there is none, or it was killed."""
    folder = state.folder_of(store)
    up = state.read(folder)
    up = up if up and up.supervisor.lives() else None
    api = _meant(environ, up, folder)
    if api is None:
        return None
    ours = up if up and up.url == api.url else None
    path = Path(ours.prefect_file) if ours else declared.default_file()
    return Look(api, ours.host if ours else api.host, ours, path, declared.read(path))


def killed(store: Store) -> Up | None:
    """An `up` that ended without clearing up behind it."""
    up = state.read(state.folder_of(store))
    return up if up and not up.supervisor.lives() else None


def _meant(environ: Mapping[str, str], up: Up | None, folder: Path) -> Api | None:
    """Of these three the first that names one."""
    said: Mapping[str, str] = environ if environ.get(VARIABLE) or up else {**_profile(environ), **environ}
    url = (said.get(VARIABLE) or (up.url if up else "")).rstrip("/")
    if not url:
        return None
    kept = auth.kept(folder) if up and up.url == url else ""
    return Api(url, said.get(GIVES) or kept)


def _profile(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Prefect's own settings, read without Prefect: importing it would make its folder."""
    home = Path(environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FlowError(f"{path} cannot be read ({error})", "mend it, or set PREFECT_API_URL") from error
    active = environ.get("PREFECT_PROFILE") or known.get("active", "")
    return {name: str(value) for name, value in known.get("profiles", {}).get(active, {}).items()}
