"""Who may use the server: a name and a password that the server asks for, and that its workers give."""

import secrets
from pathlib import Path

from corpusmill.errors import UsageError
from flows.service.state import keep_secret

GENERATE = "generate"
VARIABLE = "CORPUSMILL_AUTH"
_USED, _MADE = "auth", "auth.generated"
_BYTES = 24


def chosen(said: str, folder: Path) -> str:
    """``USER:PASSWORD`` as it is said; ``generate`` gives one that is made once and kept. "" is nobody is asked.

    Raises UsageError.
    """
    if said == GENERATE:
        made = folder / _MADE
        if not made.is_file():
            keep_secret(made, f"corpusmill:{secrets.token_urlsafe(_BYTES)}")
        return made.read_text(encoding="utf-8").strip()
    user, colon, password = said.partition(":")
    if said and not (colon and user and password and said.isascii() and said.isprintable() and " " not in said):
        hint = f"a name, a colon and a password, of ASCII without spaces; or {GENERATE}; best in {VARIABLE}"
        raise UsageError("--auth has another form than USER:PASSWORD", hint)
    return said


def keep(folder: Path, secret: str) -> str:
    """Keep what is asked for where `down` and `doctor` find it; the file's path, or "" where nobody is asked."""
    path = folder / _USED
    path.unlink(missing_ok=True)
    if secret:
        keep_secret(path, secret)
    return str(path) if secret else ""


def kept(folder: Path) -> str:
    """What the server that is up asks for."""
    path = folder / _USED
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def drop(folder: Path) -> None:
    """Nobody asks for it any more; what was generated stays, for the next time."""
    (folder / _USED).unlink(missing_ok=True)
