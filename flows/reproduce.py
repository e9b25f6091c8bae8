"""The flow that makes a version or a run once more and says whether the same came of it."""

import os
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from corpusmill import processors
from corpusmill.types import Progress
from corpusmill.verdict import Verdict
from flows import again, cards, settings
from flows.artifacts import shown
from flows.tasks import logged


@task(name="reproduce", task_run_name="reproduce {ref}", cache_policy=NO_CACHE)
def once_more(ref: str, any_code: bool, progress: Progress) -> Verdict:
    """Make it, compare, and show what came of it."""
    workers = processors.asked(os.environ)
    verdict = again.reproduce(ref, settings.store(), progress, any_code=any_code, workers=workers)
    create_markdown_artifact(cards.fenced(again.told(verdict)), cards.key(ref, "reproduced"), verdict.ref)
    return verdict


@flow(name="reproduce", flow_run_name="reproduce {ref}")
def reproduce(ref: str, any_code: bool = False) -> State[Any]:
    """Build a version or train a run again, beside the store, and compare: identical, or what is otherwise.

    Args:
        ref: A version or a run: bible@v3, bible/runs/9eef.
        any_code: Try it though the code has changed since it was made.

    """
    verdict = once_more(ref, any_code, shown(logged()))
    state = Completed if verdict.holds else Failed
    return state(message=f"{verdict.ref}: {verdict.verdict}", data=verdict)
