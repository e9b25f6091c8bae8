import os

import pytest

from corpusmill import processors
from corpusmill.cli import settings
from corpusmill.errors import UsageError


@pytest.mark.parametrize(
    ("said", "count"), [(None, None), ("", None), ("  ", None), ("0", 0), (" 3 ", 3), ("1024", 1024)]
)
def test_a_machine_may_be_told_how_many_processes_to_use(said, count):
    assert processors.asked({} if said is None else {processors.VARIABLE: said}) == count


@pytest.mark.parametrize("said", ["-1", "two", "1.5", "1025", "1_0", "²", "9" * 5000])
def test_what_is_no_number_of_processes_is_refused_with_the_remedy(said):
    with pytest.raises(UsageError) as caught:
        processors.asked({processors.VARIABLE: said})
    assert caught.value.message.startswith("CORPUSMILL_WORKERS=")
    assert caught.value.hint == "set it to 0 to 1,024, or unset it"


def test_by_default_there_is_one_for_each_processor_that_may_be_used(monkeypatch):
    if hasattr(os, "sched_setaffinity"):
        assert processors.available() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors.available() == os.cpu_count()


@pytest.mark.parametrize(
    ("environ", "said", "on"),
    [
        ({}, None, ""),
        ({"CORPUSMILL_ON": " ray://10.0.0.1:10001 "}, None, "ray://10.0.0.1:10001"),
        ({"CORPUSMILL_ON": "ray://10.0.0.1:10001"}, "", ""),
        ({"CORPUSMILL_ON": "ray://10.0.0.1:10001"}, "dask://10.0.0.1:8786", "dask://10.0.0.1:8786"),
    ],
)
def test_a_cluster_is_named_by_the_environment_and_an_option_has_the_last_word(environ, said, on, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert settings.cluster(said) == on
