"""Settings of the machine that a deployment runs on, read from the environment once, when Prefect starts a flow."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs

from corpusmill import processors
from corpusmill.http import Network
from corpusmill.store import Store, opened
from flows.stages import Job


def job(corpus: str, **asked: Any) -> Job:
    """A corpus, over the network as the environment says; `asked` are more fields of the job."""
    network = asdict(Network.of(os.environ))
    workers, on = processors.asked(os.environ), processors.cluster(os.environ)
    return Job(corpus, store().place, workers=workers, on=on, **network, **asked)


def store() -> Store:
    """The store of CORPUSMILL_STORE, or else in the user's data folder; its place is absolute, wherever a flow runs."""
    place = os.environ.get("CORPUSMILL_STORE") or Path(platformdirs.user_data_dir("corpusmill"), "store")
    return opened(str(place), os.environ)
