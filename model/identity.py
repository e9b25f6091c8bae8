"""What names a run, and which code decides its weights.

    run_id(version, options, parent)    # the same data, settings, deciding code and first weights: the same run
    deciding()                          # {"model.loop", "model.learner", "preprocess.vocab", …}

The modules are found by their imports, from the training itself on, and not listed by hand, so that none is left out.
`ASIDE` has those that a training calls without its weights coming to depend on them, and why. Another wording of a
table, another sampler, another baseline leaves a run its name. Of the kernel nothing is counted: it hands over rows
and options, which are in the name themselves.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from corpusmill.store.ids import code_digest, content_id
from corpusmill.types import Run, Version
from model.options import TrainOptions

ROOTS = ("model.session", "model.task")  # the training, and what it is given to learn
WHOLE = "model.train"  # that, and all that a run holds besides
ASIDE: Mapping[str, str] = {
    "model.options": "what it says is in a run's name itself, each setting with its value",
    "model.journal": "writes metrics, samples and setbacks, and reads none of them",
    "model.sample": "lets weights write; its random numbers are its own",
    "model.stop": "hears signals; a training that was cut off goes on as if it had not been",
}
_ROOMS = ("model", "preprocess")
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)  # what may hold a statement
_TYPED = "TYPE_CHECKING"
_SOURCES = Path(__file__).parent.parent


def run_id(version: Version, options: TrainOptions, parent: Run | None = None) -> str:
    """What names a run: the data, the options as `tuning.resolved` gives them, the code, the weights to start from."""
    started = {"init": parent.files[parent.checkpoint]} if parent else {}
    return content_id({"version": version.content, "train": msgspec.to_builtins(options), "code": code(), **started})


def code() -> str:
    """Digest of the code that decides the weights."""
    return code_digest(*sorted(deciding()))


def beside() -> str:
    """Digest of the code that writes what a run holds beside its weights: samples, baselines, the manifest."""
    return code_digest(*sorted(reached([WHOLE]) - deciding()))


@cache
def deciding() -> frozenset[str]:
    """The modules that decide the weights, by their import names."""
    return reached(ROOTS, ASIDE)


def reached(roots: Collection[str], aside: Collection[str] = ()) -> frozenset[str]:
    """These modules and all of our rooms that they import, whether at once or when they are called; none of `aside`."""
    found = set[str]()
    to_do = [name for name in roots if name not in aside]
    while to_do:
        name = to_do.pop()
        if name not in found:
            found.add(name)
            to_do += [each for each in _imported(name) if each not in aside]
    return frozenset(found)


def _imported(name: str) -> Iterator[str]:
    """The modules of our rooms that one imports."""
    for statement in _run(ast.parse(_source(name).read_bytes())):
        if isinstance(statement, ast.Import):
            named = [each.name for each in statement.names]
        else:
            inside = [f"{statement.module}.{each.name}" for each in statement.names]
            named = [each if _is_module(each) else str(statement.module) for each in inside]
        yield from (each for each in named if each.partition(".")[0] in _ROOMS)


def _run(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements that are ever run: those for type checkers are not."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, _BLOCKS) and not (isinstance(child, ast.If) and ast.unparse(child.test) == _TYPED):
            yield from _run(child)


def _source(name: str) -> Path:
    place = _SOURCES / name.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _is_module(name: str) -> bool:
    return name.partition(".")[0] in _ROOMS and _source(name).is_file()
