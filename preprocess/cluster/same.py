"""Whether a machine would build the same: its code, its libraries, and whether it sees the store.

An id would differ where one parsed with another release of a library, so a cluster whose machines are not alike is
refused before anything is done; and every process looks once more, since machines come and go.
"""

import platform
from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from corpusmill.errors import BuildError
from corpusmill.store.ids import code_digest
from preprocess.recipe import CODE, libraries

Facts = Mapping[str, str]
"""What decides a version besides its bytes, by name."""


@cache
def facts() -> dict[str, str]:
    """What this process has. It is looked at once: who changes the code has to start the process anew."""
    return {"corpusmill's code": code_digest(*CODE), **libraries(), "pyarrow": pa.__version__}


def refuse_other(expected: Facts) -> None:
    """Raise BuildError where this process has something else; it may be expected to have nothing."""
    if expected:
        refuse(platform.node(), expected, facts())


def refuse(machine: str, expected: Facts, found: Facts) -> None:
    """Raise BuildError, naming a machine and all in which it differs."""
    other = [f"{name} {found.get(name, '-')} instead of {value}" for name, value in expected.items()]
    other = [told for told, (name, value) in zip(other, expected.items(), strict=True) if found.get(name) != value]
    if other:
        hint = "install the same corpusmill with the same lock there, start its workers anew, then repeat the command"
        raise BuildError(f"{machine} would build something else: it has {', '.join(other)}", hint)


def refuse_unfit(machine: str, answer: Any) -> None:
    """Raise BuildError where a machine could not say what it has, or does not see the store."""
    if isinstance(answer, BaseException):
        hint = "install corpusmill there, start its workers anew, then repeat the command"
        raise BuildError(f"{machine} cannot work: {type(answer).__name__}: {answer}", hint) from answer
    found, missing = answer
    refuse(machine, facts(), found)
    if missing:
        hint = "a store in a folder has to be on a disk that all machines share, at the same path; or use s3://"
        raise BuildError(f"{machine} does not see the store: {missing}", hint)
