"""Settings of the machine that a deployment runs on, read from the environment once, when Prefect starts a flow."""

import os
from dataclasses import asdict
from pathlib import Path

import platformdirs

from corpusmill import processors
from corpusmill.http import Network
from corpusmill.store import opened
from flows.stages import Job


def job(corpus: str, overrides: tuple[str, ...] = ()) -> Job:
    """A corpus, for CORPUSMILL_STORE or else the user's data folder, over the network as the environment says."""
    store = os.environ.get("CORPUSMILL_STORE") or Path(platformdirs.user_data_dir("corpusmill"), "store")
    network = asdict(Network.of(os.environ))
    place = opened(str(store), os.environ).place  # absolute, wherever the flow runs
    workers, on = processors.asked(os.environ), processors.cluster(os.environ)
    return Job(corpus, place, overrides=overrides, workers=workers, on=on, **network)
