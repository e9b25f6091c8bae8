"""The stages as commands: run, collect, build, train, report."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import (
    EngineOption,
    JsonOption,
    MinutesOption,
    OfflineOption,
    OnOption,
    PrivateOption,
    SetOption,
    StoreOption,
    cluster,
    helps,
    network,
    open_store,
    overrides,
    without_secrets,
    workers,
)
from corpusmill.store import refs

Target = Annotated[str, typer.Argument(help="A corpus of the catalogue, or a file, folder or address of your own.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill run shakespeare --minutes 5 --set train.hidden=384")(run)
    app.command(epilog="Example: corpusmill build bible --on ray://10.0.0.1:10001")(build)
    app.command(epilog="Example: corpusmill train bible@v1 --minutes 10 --set train.seed=7")(train)
    app.command(epilog="Example: corpusmill report bible -o bible.html")(report)


def run(
    target: Target,
    plain: Annotated[bool, typer.Option("--plain", help="Without Prefect: the same stages, started at once.")] = False,
    offline: OfflineOption = False,
    minutes: MinutesOption = None,
    engine: EngineOption = None,
    allow_private: PrivateOption = False,
    on: OnOption = None,
    sets: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Collect, build, train and report; ends by naming the report. Stages that are done already are skipped."""
    from flows.pipeline import run_plain
    from flows.stages import Job

    opened = open_store(store)
    job = Job(
        without_secrets(target),
        opened.place,
        offline=offline,
        overrides=overrides(sets, minutes, engine),
        workers=workers(),
        on=cluster(on),
        **network(allow_private=allow_private),
    )
    with progress() as show:
        if plain:
            outcome = run_plain(job, show)
        else:
            from flows.run import run_flow

            outcome = run_flow(job, show, home=opened.root / ".prefect")
    stages = {"snapshot": "collect", "version": "build", "run": "train", "report": "report"}
    lines = [
        f"{name:<9} {getattr(outcome, name)}{'  (unchanged)' if stage in outcome.skipped else ''}"
        for name, stage in stages.items()
    ]
    emit(outcome, "\n".join(lines), as_json=as_json)


def build(
    target: Target,
    snapshot: Annotated[str, typer.Option(help="Id of a snapshot (default: the latest).")] = "",
    on: OnOption = None,
    sets: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Parse, clean, deduplicate and split a snapshot -> version."""
    from flows import stages

    opened = open_store(store)
    with progress() as show:
        job = stages.Job(target, opened.place, overrides=overrides(sets), workers=workers(), on=cluster(on))
        done = stages.build(job, snapshot, show)
    version = refs.version(opened, done.ref)
    value = {"corpus": version.corpus, "version": done.ref, "id": version.id, "new": done.made}
    emit(value, _said(done), as_json=as_json)


def train(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A version: bible, bible@v3.")],
    minutes: MinutesOption = None,
    engine: EngineOption = None,
    start: Annotated[
        str, typer.Option("--from", metavar="RUN", help="Start from the weights and the vocabulary of this run.")
    ] = "",
    sets: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model on a version -> run. Interrupted, it goes on where it was when the command is repeated.

    Under torchrun (torchrun -m corpusmill train …) all of its processes train one model together.
    """
    from flows import stages

    opened = open_store(store)
    version = refs.version(opened, ref)
    begun = (f"train.init={refs.run(opened, start).ref}",) if start else ()
    job = stages.Job(version.corpus, opened.place, overrides=(*overrides(sets, minutes, engine), *begun))
    if helps():
        from model.train import fit

        fit(stages.corpus(job), version, opened)
        return
    with progress() as show:
        done = stages.train(job, version.ref, show)
    made = refs.run(opened, done.ref)
    value = {"corpus": made.corpus, "version": version.ref, "run": done.ref, "new": done.made, "best": made.best}
    value |= {"unit": made.config["unit"], "parent": made.parent or None}
    emit(value, _said(done), as_json=as_json)


def report(
    ref: Annotated[str, typer.Argument(metavar="RUN", help="A run: bible/runs/ID, or bible for its latest.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the report here instead.")] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a run's report, one HTML file that needs nothing else."""
    import reports

    opened = open_store(store)
    found = refs.run(opened, ref)
    with progress() as show:
        written, made = reports.write(found, opened, output=output, progress=show)
    emit({"run": found.ref, "report": written.path, "new": made}, written.path, as_json=as_json)


def _said(done: msgspec.Struct | object) -> str:
    """A stage's result in words."""
    from flows.stages import Done

    assert isinstance(done, Done)
    return f"{done.ref}{'' if done.made else '  (unchanged)'}"
