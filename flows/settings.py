"""Settings of the machine that a deployment runs on, read from the environment once, when Prefect starts a flow."""

import os
from pathlib import Path

import platformdirs

from flows.stages import Job


def job(corpus: str, overrides: tuple[str, ...] = ()) -> Job:
    """A corpus, for CORPUSMILL_STORE or else the user's data folder, through CORPUSMILL_MIRROR if that is set."""
    store = os.environ.get("CORPUSMILL_STORE") or Path(platformdirs.user_data_dir("corpusmill"), "store")
    mirror = os.environ.get("CORPUSMILL_MIRROR", "")
    return Job(corpus, str(Path(store).expanduser().absolute()), mirror=mirror, overrides=overrides)
