"""datasets/*.toml -> Corpus, strictly: an unknown key fails naming file, key and nearest match.

Each section belongs to the room that uses it. The kernel checks the top level; a collector, a parser, the builder and
the trainer hand their options class to `options`, which gives the same kind of message for the same kind of mistake.
"""

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from corpusmill.errors import SpecError, UnknownNameError
from corpusmill.store.ids import is_name
from corpusmill.types import Corpus, Table

T = TypeVar("T")
_NAMED = 20  # how many names a hint lists


def datasets_folder() -> Path:
    """The catalogue: beside the packages in a checkout, inside the kernel in a wheel."""
    here = Path(__file__).parent
    installed = here / "_datasets"
    return installed if installed.is_dir() else here.parent / "datasets"


def names(folder: Path | None = None) -> list[str]:
    """Every corpus in the catalogue, sorted."""
    return sorted(path.stem for path in (folder or datasets_folder()).glob("*.toml"))


def load(name: str, overrides: Iterable[str] = (), folder: Path | None = None) -> Corpus:
    """Read ``datasets/<name>.toml`` with overrides (``train.hidden=256``) laid over it.

    Raises UnknownNameError for a name that is not in the catalogue, SpecError for a file that is wrong.
    """
    folder = folder or datasets_folder()
    path = folder / f"{name}.toml"
    if not is_name(name) or not path.is_file():
        known = names(folder)
        raise UnknownNameError(f"no corpus is named {name!r}", nearest(name, known, "corpora"))
    return read(path, overrides)


def read(path: Path, overrides: Iterable[str] = ()) -> Corpus:
    """One corpus TOML, wherever it lies. Raises SpecError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from error
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}", "check the path") from error
    return parse(text, str(path), overrides)


def parse(text: str, where: str, overrides: Iterable[str] = ()) -> Corpus:
    """The text of one corpus TOML -> Corpus; `where` names it in errors and gives the corpus its name (the stem)."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where} is not TOML: {error}", "mend the line it names") from error
    return corpus_from(table, where, overrides)


def corpus_from(table: dict[str, Any], where: str, overrides: Iterable[str] = ()) -> Corpus:
    """A table of a corpus's keys -> Corpus."""
    for item in overrides:
        override(table, item)
    for key in ("name", "declared_in"):
        if key in table:
            raise SpecError(f"{where}: unknown key {key!r}", "a corpus is named by its file; remove the key")
    return options(Corpus, {**table, "name": Path(where).stem, "declared_in": where}, where)


def override(table: dict[str, Any], item: str) -> None:
    """Lay ``dotted.key=value`` over a table in place; the value is TOML, or else taken as a string."""
    key, equals, value = item.partition("=")
    if not equals or not all(key.split(".")):
        raise SpecError(f"--set {item!r} is not key=value", "write it as train.hidden=256")
    *sections, last = key.split(".")
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise SpecError(f"--set {item!r}: {section!r} is not a section", "name a key of the corpus TOML")
    table[last] = _value(value)


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if len(read) == 1 else text  # more keys: a line break in the value began another line


def options(into: type[T], table: Table, where: str, section: str = "") -> T:
    """Check a table against an options dataclass and return it.

    `where` is the file and `section` the dotted path that errors name. Types, ranges (`msgspec.Meta`) and choices
    (`Literal`) are checked too. Raises SpecError.
    """
    _refuse_unknown(into, table, where, section)
    try:
        return msgspec.convert(table, into)
    except SpecError as error:  # an options class refuses what no type says, not knowing which file it came from
        raise SpecError(f"{where}: {error.message}", error.hint) from error
    except msgspec.ValidationError as error:
        said = str(error)
        problem, _, at = said.partition(" - at `$")
        key = ".".join(part for part in (section, at.strip(".`")) if part)
        raise SpecError(f"{where}: {key or 'the file'}: {problem}", _mend(into, at, problem)) from error


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """Words for a hint: what a wrong name could have meant, or all there is."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(known[:_NAMED]) + (" …" if len(known) > _NAMED else "")
    return f"{what}: {shown}" if known else f"there are no {what} yet"


def _mend(into: type, at: str, problem: str) -> str:
    """What to do about a value that is refused: the nearest of its choices, where it has some."""
    wrong, choices = re.fullmatch(r"Invalid enum value '(.*)'", problem, re.DOTALL), _choices(into, at.strip(".`"))
    return nearest(wrong[1], choices, "choices") if wrong and choices else "mend the value"


def _choices(into: type, at: str) -> list[str]:
    """What the field at a dotted path may be, if its type is a ``Literal``."""
    name, _, rest = at.partition(".")
    hint = typing.get_type_hints(into).get(name)
    if rest:
        inner = _dataclass_in(hint)
        return _choices(inner, rest) if inner else []
    return [str(choice) for choice in typing.get_args(hint)] if typing.get_origin(hint) is typing.Literal else []


def _refuse_unknown(into: type, table: Table, where: str, section: str) -> None:
    hints = typing.get_type_hints(into)
    known = {field.name for field in dataclasses.fields(into)}
    for key, value in table.items():
        dotted = f"{section}.{key}" if section else key
        if key not in known:
            raise SpecError(f"{where}: unknown key {dotted!r}", nearest(key, sorted(known), "keys"))
        inner = _dataclass_in(hints[key])
        if inner and isinstance(value, Mapping):
            _refuse_unknown(inner, value, where, dotted)


def _dataclass_in(hint: Any) -> type | None:
    """The dataclass in ``X`` or ``X | None``, for nested sections."""
    choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return next((choice for choice in choices if isinstance(choice, type) and dataclasses.is_dataclass(choice)), None)


def write(table: Table) -> str:
    """A corpus's keys as TOML: what `parse` reads back. Plain keys first, then the sections in their order."""
    lines = [f"{key} = {_toml(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    return "\n".join(lines) + "\n" + "".join(_section(key, v) for key, v in table.items() if isinstance(v, Mapping))


def _section(path: str, table: Table) -> str:
    """One ``[section]``; tables in it are written inline."""
    return f"\n[{path}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml_key(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):  # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return msgspec.json.encode(value).decode()


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)
