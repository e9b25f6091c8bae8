"""The flow of a sweep: each text collected and built where it is not there, then every trial in one task.

The trials run side by side in processes of their own, as on the command line: with a task for each, each would load
torch again, and one model might be trained twice.
"""

import os
from dataclasses import asdict
from typing import Annotated

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from corpusmill import processors
from corpusmill.errors import TrainError
from corpusmill.http import Network
from corpusmill.types import Progress
from flows import cards, settings, told, trials
from flows.artifacts import shown
from flows.tasks import TASKS, logged

Jobs = Annotated[int, Field(ge=0)]


@flow(name="sweep", flow_run_name="sweep {file}")
def sweep(file: str, jobs: Jobs = 0, retry: bool = False, overrides: tuple[str, ...] = ()) -> str:
    """Train every trial of a sweep and rank them; what is trained already is not trained again. Returns its ref.

    Args:
        file: A shipped experiment, such as manele, or the path of a sweep's TOML on the worker's machine.
        jobs: Trainings at once; 0 = as many as have processors.
        retry: Try again what failed before.
        overrides: The last word in every trial, such as train.steps=200.

    """
    ways, progress = _ways(jobs, retry=retry), shown(logged())
    asked = trials.check(file, overrides, ways.store)
    with told.whole(trials.whole(asked, ways), f"sweep.{asked.sweep.name}"):
        trials.ground(asked, ways, progress, TASKS)
        return train(file, overrides, jobs, retry, progress)


@task(name="trials", task_run_name="trials {file}", cache_policy=NO_CACHE)
def train(file: str, overrides: tuple[str, ...], jobs: int, retry: bool, progress: Progress) -> str:
    """Train what is not trained yet, and show the table; the ref of the record.

    Raises TrainError where nothing could be trained.
    """
    from model.sweep import result

    ways = _ways(jobs, retry=retry)
    asked = trials.check(file, overrides, ways.store)
    record = trials.train(asked, trials.ground(asked, ways, progress), ways, progress)
    rows = list(result.rows(record, ways.store))
    create_table_artifact(cards.trials(rows, record.score), cards.key(record.name, "sweep"), record.ref)
    if all(row.status == "failed" for row in rows):
        raise TrainError(f"none of {len(rows):,} trials could be trained", f"the first said: {rows[0].error}")
    return record.ref


def _ways(jobs: int, *, retry: bool) -> trials.Ways:
    """How a sweep is run on this machine."""
    given = {**asdict(Network.of(os.environ)), "workers": processors.asked(os.environ)}
    return trials.Ways(store=settings.store(), jobs=jobs, retry=retry, given=given)
