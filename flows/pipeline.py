"""The whole pipeline, top to bottom. Plain functions and Prefect tasks are both `Stages`, so it is written once.

``outcome = run_plain(Job("python", "store"), silent)`` is all there is to it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from corpusmill.types import Progress
from flows import judging, stages
from flows.stages import Done, Experimented, Job, Outcome, Refreshed
from flows.told import whole

First = Callable[[Job, Progress], Done]
Next = Callable[[Job, str, Progress], Done]
"""Takes the ref that the stage before gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What does the work of each stage."""

    collect: First
    build: Next
    train: Next
    score: Next
    sample: Next
    report: Next


PLAIN = Stages(
    collect=stages.collect,
    build=stages.build,
    train=stages.train,
    score=judging.score,
    sample=judging.sample,
    report=stages.report,
)


def pipeline(job: Job, do: Stages, progress: Progress) -> Outcome:
    """A declared corpus -> snapshot -> version -> run -> report. A stage whose result is there already is skipped."""
    stages.check(job)
    with whole(job, "run"):
        snapshot = do.collect(job, progress)
        version = do.build(job, snapshot.ref, progress)
        run = do.train(job, version.ref, progress)
        report = do.report(job, run.ref, progress)

    done = {"collect": snapshot, "build": version, "train": run, "report": report}
    return Outcome(
        corpus=stages.corpus(job).name,
        snapshot=snapshot.ref,
        version=version.ref,
        run=run.ref,
        report=report.ref,
        skipped=tuple(name for name, stage in done.items() if not stage.made),
    )


def refresh(job: Job, do: Stages, progress: Progress) -> Refreshed:
    """A declared corpus -> snapshot -> version, where something has changed."""
    stages.check(job)
    with whole(job, "refresh"):
        snapshot = do.collect(job, progress)
        version = do.build(job, snapshot.ref, progress)
    return Refreshed(
        corpus=stages.corpus(job).name,
        snapshot=snapshot.ref,
        version=version.ref,
        changed=version.made,
        notes=snapshot.notes,
        economics=snapshot.economics,
    )


def experiment(job: Job, version: str, do: Stages, progress: Progress) -> Experimented:
    """A version (a ref) -> run, its score, what it writes, report. What was done before is skipped."""
    stages.check(job)
    with whole(job, "experiment"):
        run = do.train(job, version, progress)
        score = do.score(job, run.ref, progress)
        sample = do.sample(job, run.ref, progress)
        report = do.report(job, run.ref, progress)
    done = {"train": run, "score": score, "sample": sample, "report": report}
    return Experimented(
        corpus=stages.corpus(job).name,
        version=version,
        run=run.ref,
        score=score.notes[0],
        report=report.ref,
        skipped=tuple(name for name, stage in done.items() if not stage.made),
    )


def run_plain(job: Job, progress: Progress) -> Outcome:
    """The pipeline in this process, without Prefect. Raises CorpusmillError, Interrupted."""
    return pipeline(job, PLAIN, progress)
