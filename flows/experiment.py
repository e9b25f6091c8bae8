"""The flow that a new version starts: train on it, score, let it write, report. By hand, any corpus's experiment."""

from prefect import flow
from prefect.runtime import flow_run

from corpusmill.errors import UnknownNameError
from flows import pipeline, settings
from flows.artifacts import shown
from flows.forms import AS_DECLARED, HELD_OUT, SOME, Corpus, Scoring, Training, Writing
from flows.stages import Experimented, Job, store_of
from flows.stages import corpus as declared
from flows.tasks import TASKS, logged
from model.writing import Writing as Asked


def _named() -> str:
    """What a run is called: the version, or the corpus whose latest is meant."""
    asked = flow_run.parameters
    return f"experiment {asked.get('version') or asked['corpus']}"


@flow(name="experiment", flow_run_name=_named)
def experiment(
    corpus: Corpus,
    version: str = "",
    training: Training = AS_DECLARED,
    scoring: Scoring = HELD_OUT,
    writing: Writing = SOME,
) -> Experimented:
    """Train on a version as its corpus says, score the model on held-out text, let it write, and write the report.

    What was done before with the same settings is not done again.

    Args:
        corpus: A corpus of the catalogue, or one of your own that is in the store.
        version: One of its versions, such as bible@v3; empty means the latest.
        training: How to train; what is left as it is, is as the corpus says.
        scoring: What the model is judged on.
        writing: What the model is asked to write.

    """
    split = "" if scoring.split == "held out" else scoring.split
    asked = {"split": split, "scored": scoring.characters, "writing": Asked(**writing.model_dump())}
    job = settings.job(corpus, overrides=training.overrides(), **asked)
    return pipeline.experiment(job, version or _latest(job), TASKS, shown(logged()))


def _latest(job: Job) -> str:
    name = declared(job).name
    found = store_of(job).latest_version(name)
    if not found:
        raise UnknownNameError(f"{name} has no version yet", f"run its refresh, or: corpusmill refresh {name}")
    return found.ref
