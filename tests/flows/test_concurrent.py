"""Refreshes at the same time, through a worker and as commands: nothing is lost, and nothing is there twice."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from corpusmill.store import Store

DEPLOYMENTS = [f"refresh/{name}" for name in ("python", "abc", "anna", "bible", "latex", "linux")]


@pytest.mark.parametrize(
    "corpora", [[f"together{number}" for number in range(6)], ["contested"] * 3], ids=["six corpora", "three of one"]
)
def test_refreshes_at_once_all_complete_with_one_version_each(sqlite_rig, source, corpora):
    targets = {corpus: source.declare(corpus, sqlite_rig.folder / "datasets") for corpus in corpora}
    for corpus in targets:
        source.change(corpus)

    runs = [sqlite_rig.begin(by, corpus=targets[corpus]) for by, corpus in zip(DEPLOYMENTS, corpora, strict=False)]

    assert Counter(sqlite_rig.ended(run, 240) for run in runs) == {"COMPLETED": len(corpora)}
    store = Store(Path(sqlite_rig.store))
    assert {len(store.versions(corpus)) for corpus in corpora} == {1}


def test_two_commands_at_once_start_their_servers_in_turn(embedded_home, source, tmp_path):
    targets = [source.declare(corpus, tmp_path / "datasets") for corpus in ("first", "second")]
    for corpus in ("first", "second"):
        source.change(corpus)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PREFECT_HOME": str(embedded_home),
        "CORPUSMILL_MIRROR": source.address,
        "DO_NOT_TRACK": "1",
    }
    program = [sys.executable, "-m", "corpusmill", "refresh", "--store", str(tmp_path / "store")]

    started = [
        subprocess.Popen([*program, target], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for target in targets
    ]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in started]

    assert [status for _, _, status in ended] == [0, 0], ended
    assert [out.splitlines()[0] for out, _, _ in ended] == ["first@v1", "second@v1"]
