"""How to do it again: the commands, every setting, the libraries and the machine."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpusmill.store.ids import canonical
from reports import words
from reports.material import Material

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Commands with what each does, and tables of names and values."""

    commands: Pairs
    exactly: str  # the training with every setting spelt out
    training: Pairs
    preparation: Pairs
    made_by: Pairs


def again(material: Material) -> Again:
    """Material -> the section on how to do it again."""
    run, version = material.run, material.version
    settings = tuple(flat(run.config))
    return Again(
        commands=tuple(_commands(run.corpus, run.ref)),
        exactly=" ".join(["corpusmill train", shlex.quote(version.ref), *_overrides(settings)]),
        training=tuple((name, toml(value)) for name, value in settings),
        preparation=tuple((name, toml(value)) for name, value in flat(version.spec)),
        made_by=tuple(_made_by(material)),
    )


def _commands(corpus: str, ref: str) -> Iterator[tuple[str, str]]:
    quoted = shlex.quote(ref)
    yield f"corpusmill run {shlex.quote(corpus)}", "collect, build, train and report; stages that are done are skipped"
    yield f"corpusmill sample {quoted} --temperature 0.8 --length 1000", "let this model write"
    yield f"corpusmill score {quoted} my.txt", "bits per byte of a text of your own"
    yield f"corpusmill lineage {quoted}", "the way from fetch to report, as text"


def _overrides(settings: tuple[tuple[str, Any], ...]) -> Iterator[str]:
    for name, value in settings:
        yield f"--set {shlex.quote(f'train.{name}={toml(value)}')}"


def flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted names, sorted."""
    for name, value in sorted(table.items()):
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON does alike for texts, numbers, truths and lists."""
    return canonical(value).decode()


def _made_by(material: Material) -> Iterator[tuple[str, str]]:
    run, version = material.run, material.version
    yield "run", run.id
    yield "version", f"{version.ref}, {version.id}"
    yield "snapshot", version.snapshot
    yield "code that trained", run.code_digest
    yield "code that built", version.code_digest
    yield from sorted({**version.libraries, **run.libraries}.items())
    yield from sorted(run.machine.items())
    yield "trained", f"{words.day(material.clock.started_at)}, for {words.duration(material.clock.seconds)}"
