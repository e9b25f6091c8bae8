"""What a deployment may be asked for: the schema that Prefect shows a form of, and what comes of what is filled in."""

import pytest
from prefect.utilities.callables import parameter_schema
from pydantic import ValidationError

from corpusmill import spec
from flows.experiment import experiment
from flows.forms import AS_DECLARED, Training
from flows.refresh import refresh
from flows.refresh_all import refresh_all
from flows.reproduce import reproduce
from flows.sweep import sweep

FLOWS = [experiment, refresh, refresh_all, reproduce, sweep]


def schema(flow):
    return parameter_schema(flow.fn).model_dump()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_parameter_has_a_description(flow):
    shown = schema(flow)
    properties = list(shown["properties"].values())
    for form in shown["definitions"].values():
        properties.append({"form": form["title"], "description": form.get("description")})
        properties += [{"in": form["title"], **field} for field in form["properties"].values()]

    assert [field for field in properties if not field.get("description") and "$ref" not in field] == []


def test_the_catalogue_is_offered_and_other_names_are_not_refused():
    offered, own = schema(refresh)["properties"]["corpus"]["anyOf"]

    assert offered["enum"] == spec.names()
    assert own == {"type": "string", "title": "your own"}


def test_choices_are_choices():
    forms = schema(experiment)["definitions"]

    assert forms["Training"]["properties"]["engine"]["enum"] == ["as declared", "auto", "torch", "numba"]
    assert forms["Scoring"]["properties"]["split"]["enum"] == ["held out", "train", "validation", "test"]


@pytest.mark.parametrize(
    ("training", "overrides"),
    [
        (AS_DECLARED, ()),
        (Training(minutes=1.5), ("train.minutes=1.5",)),
        (Training(engine="torch", seed=0), ("train.engine=torch", "train.seed=0")),
        (
            Training(settings=("train.seed=1", "split.scheme=x"), seed=2),
            ("train.seed=1", "split.scheme=x", "train.seed=2"),
        ),
    ],
)
def test_a_form_is_overrides_of_which_the_fields_come_last(training, overrides):
    assert training.overrides() == overrides


@pytest.mark.parametrize("wrong", [{"minute": 1}, {"minutes": 0}, {"engine": "numbat"}, {"seed": -1}])
def test_what_does_not_fit_a_form_is_refused(wrong):
    with pytest.raises(ValidationError):
        Training(**wrong)
