"""`corpusmill status` as a user meets it, without a server."""

import json
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from corpusmill.cli import app, main
from tests.flows.ailing import LOOK, hold, shelved


@pytest.fixture
def bible(store):
    return shelved(store)


@pytest.fixture
def corpusmill(bible, capsys, monkeypatch):
    """Run the program on the store, in this process."""
    monkeypatch.setenv("PREFECT_HOME", str(bible.root / "none"))

    def call(*arguments):
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ended:
                main(["status", *arguments, "--store", str(bible.root)])
        finally:
            signal.signal(signal.SIGTERM, handler)
        return ended.value.code, *capsys.readouterr()

    return call


def test_the_command_says_it_in_a_table_and_a_list(bible, corpusmill):
    hold(bible)

    status, said, error = corpusmill("--days", "36500")

    assert (status, error) == (0, "")
    assert said.splitlines() == [
        "CORPUS  VERSION   CHECKED     CHANGED     RUN           BITS/BYTE  NEXT",
        "bible   bible@v1  2026-01-01  2024-05-01  ccc111ccc111  2.1640     -     held",
        "",
        "1 to look after:",
        "  1. bible: what came last looks wrong, so it is held",
        f"     {LOOK}",
    ]


def test_the_command_gives_one_object(bible, corpusmill):
    status, said, _ = corpusmill("bible", "--json", "--days", "36500")

    found = json.loads(said)
    assert status == 0
    assert found.pop("corpora")[0]["bits_per_byte"] == 2.164
    assert found == {
        "store": str(bible.root),
        "well": True,
        "days": 36500,
        "unsuccessful": [],
        "server": None,
        "needs": [],
    }


@pytest.mark.parametrize(("days", "expected"), [("36500", 0), ("1", 1)], ids=["well", "something needs you"])
def test_check_is_for_monitoring(corpusmill, days, expected):
    assert corpusmill("--check", "--days", days)[0] == expected


def test_a_name_that_nobody_knows_is_an_error_and_an_empty_store_none(corpusmill, tmp_path):
    assert corpusmill("bibel")[0] == 1
    assert corpusmill("tweets")[0] == 0
    assert CliRunner().invoke(app, ["status", "--store", str(tmp_path / "none")]).stdout.splitlines() == [
        f"{tmp_path / 'none'} has no corpus yet: corpusmill collect NAME",
        "",
        "nothing needs you",
    ]


def test_an_absent_server_is_told_of_and_nothing_of_prefect_is_imported(bible):
    script = (
        "import sys\n"
        "from corpusmill.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as ended: print(ended.code)\n"
        "print(sorted({'torch', 'prefect', 'pyarrow', 'numpy'} & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "status", "--check", "--days", "36500", "--store", str(bible.root)],
        env={"PATH": "/usr/bin:/bin", "PREFECT_API_URL": "http://127.0.0.1:9/api"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "server http://127.0.0.1:9/api: does not answer" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["1", "[]"]
