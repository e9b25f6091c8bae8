"""A fake run, and what a report gathers of it."""

import pytest

from reports.material import Material, gather
from tests.reports.fake_run import Told, fake_run


@pytest.fixture
def material(store):
    """``material(title="…")``: what is gathered of a fake run that says so."""

    def made(**told) -> Material:
        return gather(fake_run(store, Told(**told)), store)

    return made
