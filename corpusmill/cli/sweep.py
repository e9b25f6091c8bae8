"""sweep, which trains many times and ranks what came of it, and suggest, which says where to begin."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpusmill.cli.compare import show, sources
from corpusmill.cli.console import emit, progress, table
from corpusmill.cli.settings import (
    JsonOption,
    OfflineOption,
    PrivateOption,
    StoreOption,
    network,
    open_store,
    workers,
)
from corpusmill.errors import TrainError
from corpusmill.store import Store, refs

if TYPE_CHECKING:
    from flows.trials import Asked
    from model.sweep.result import Record

_SHOWN = 40  # trials that a dry run lists


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: corpusmill sweep experiments/manele.toml --jobs 2 --set train.steps=20000")(sweep)
    app.command(epilog="Example: corpusmill suggest bible --minutes 15")(suggest)


def sweep(
    file: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A sweep's TOML, or a shipped experiment's name.")],
    jobs: Annotated[int, typer.Option(min=0, help="Trainings at once; 0 = as many as have processors.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be trained, and train nothing.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed before.")] = False,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="The last word in every trial: train.steps=200. Repeatable.", metavar="KEY=VALUE"),
    ] = None,
    offline: OfflineOption = False,
    allow_private: PrivateOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train every trial of a sweep, several side by side, and rank them. What is trained already is not trained again.

    A text that was collected before is taken as it is, so that all trials, today's and tomorrow's, read the same one.
    """
    from flows import told, trials

    ways = trials.Ways(
        store=open_store(store),
        jobs=jobs,
        retry=retry,
        given={**network(allow_private=allow_private), "offline": offline, "workers": workers()},
    )
    asked = trials.check(file, sets or (), ways.store)
    if dry_run:
        _show_plan(asked, jobs, as_json=as_json)
        return
    with progress() as tell, told.whole(trials.whole(asked, ways), f"sweep.{asked.sweep.name}"):
        record = trials.train(asked, trials.ground(asked, ways, tell), ways, tell)
    _show(record, ways.store, as_json=as_json)


def _show_plan(asked: "Asked", jobs: int, *, as_json: bool) -> None:
    """What would be trained, and about how long it takes."""
    from model.sweep import halving, plan

    sweep, trials = asked.sweep, asked.trials
    options = [plan.options_of(corpus) for corpus in asked.corpora]
    at_once = jobs or plan.side_by_side(options)
    names = plan.varied(trials)
    texts = list(dict.fromkeys(trial.text for trial in trials))
    rounds = halving.rungs(sweep.halving) if sweep.halving else []
    lines = [f"{sweep.title or sweep.name}: {len(trials):,} trials on {', '.join(texts)}, {at_once} at once"]
    if asked.twice:
        lines.append(f"{asked.twice:,} more are the same as one of these")
    lines += [f"round {n}: one of {rung.share:,} of them, {_said(rung.settings)}" for n, rung in enumerate(rounds, 1)]
    if not rounds and not any(each.steps or each.epochs for each in options):
        minutes = [each.minutes for each in options]
        lines.append(f"about {max(*minutes, sum(minutes) / at_once):,.1f} minutes at most, and what starting takes")
    cells = [[trial.text, *(str(trial.settings.get(name, "")) for name in names)] for trial in trials[:_SHOWN]]
    lines += ["", table(cells, ["text", *names])]
    if len(trials) > _SHOWN:
        lines.append(f"… and {len(trials) - _SHOWN:,} more")
    value = {
        "sweep": sweep.name,
        "jobs": at_once,
        "rounds": [rung.settings for rung in rounds],
        "trials": [{"text": trial.text, "settings": trial.settings} for trial in trials],
    }
    emit(value, "\n".join(lines), as_json=as_json)


def _said(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value:g}" for key, value in settings.items() if value)


def _show(record: "Record", store: Store, *, as_json: bool) -> None:
    """The tables of a sweep that was run. Raises TrainError where nothing of it could be trained."""
    from model.sweep import result

    rows = list(result.rows(record, store))
    statuses = [entry.status for entry in record.entries]
    unchanged, failed = statuses.count("unchanged"), statuses.count("failed")
    if failed == len(rows):
        raise TrainError(f"none of {failed:,} trials could be trained", f"the first said: {record.entries[0].error}")
    told = [f"{record.title or record.name}: {len(rows):,} trainings"]
    told += [f"{unchanged:,} were there already"] if unchanged else []
    told += [f"{failed:,} failed"] if failed else []
    notes = [", ".join(told), *sources(record), f"see it again: corpusmill compare {record.ref}"]
    show(rows, record.score, notes, {"sweep": record.ref, "title": record.title}, as_json=as_json)


def suggest(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A version: bible, bible@v3.")],
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Training time there is (default: what the text is worth).")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Suggest settings for a version by its size and the time there is, each with its reason and where that is from."""
    from model import suggest as rules

    opened = open_store(store)
    version = refs.version(opened, ref)
    found = rules.suggest(rules.facts(version, opened), rules.measured(), minutes)
    lines = [
        f"{found.ref}: {found.characters:,} characters to train on, {found.vocabulary:,} different",
        f"{found.parameters:,} parameters, about {found.characters_per_second:,.0f} characters a second on one thread",
        "",
        *(f"{each.key:<20} = {each.value!s:<7} {each.reason} [{each.source}]" for each in found.settings),
        "",
        f"corpusmill train {found.ref} {' '.join(f'--set {each}' for each in found.sets)}",
    ]
    emit(found, "\n".join(lines), as_json=as_json)
