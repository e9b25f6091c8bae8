"""`collect` and `refresh` as commands: many corpora, what fails among them, what is held, what was spared."""

import json
import shutil

import pytest

from corpusmill import spec
from corpusmill.cli import collecting
from corpusmill.errors import HeldError, UsageError
from tests import needs

POEM = "\n\n".join(f"The {n} mills grind slowly, and {n} stones turn; who counts to {n * n}?" for n in range(60))
CORPUS = """title = "{name}"
licence = "CC0-1.0"
[source]
transport = "files"
urls = {urls}
[parse]
kind = "lines"
"""


@pytest.fixture
def mill(tmp_path, serve, monkeypatch):
    """A mirror of a host of poems, corpora of them, and a store; returns the folder."""
    host = tmp_path / "web" / "mill.example"
    host.mkdir(parents=True)
    for number in range(4):
        (host / f"{number}.txt").write_text(f"Poem {number}\n\n{POEM}", encoding="utf-8")
    for name, files in {"good": ["0.txt"], "many": [f"{n}.txt" for n in range(4)], "lost": ["none.txt"]}.items():
        urls = [f"https://mill.example/{file}" for file in files]
        (tmp_path / f"{name}.toml").write_text(CORPUS.format(name=name, urls=json.dumps(urls)), encoding="utf-8")
    monkeypatch.setenv("CORPUSMILL_MIRROR", serve(tmp_path / "web"))
    monkeypatch.setenv("CORPUSMILL_STORE", str(tmp_path / "store"))
    return tmp_path


def run(command, *targets, capsys, **options):
    """What a command says as JSON, and its exit status."""
    try:
        command([str(target) for target in targets] or None, as_json=True, **options)
        status = 0
    except Exception as stop:
        if not hasattr(stop, "exit_code"):
            raise
        status = stop.exit_code
    return json.loads(capsys.readouterr().out), status


def test_one_corpus_is_said_with_what_it_cost(mill, capsys):
    said, status = run(collecting.collect, mill / "many.toml", capsys=capsys)
    assert (status, said["corpus"], said["new"], said["notes"]) == (0, "many", True, [])
    assert said["economics"]["fetched"] == 4
    again, _ = run(collecting.collect, mill / "many.toml", capsys=capsys)
    assert (again["snapshot"], again["new"]) == (said["snapshot"], False)
    assert again["economics"]["not_modified"] == 1


def test_what_fails_for_one_does_not_stop_the_others(mill, capsys):
    said, status = run(collecting.collect, mill / "lost.toml", mill / "good.toml", capsys=capsys)
    assert status == 1
    lost, good = said["corpora"]
    assert lost["error"]["message"] == "https://mill.example/none.txt answered 404"
    assert good["new"]


def test_a_refresh_publishes_what_changed_and_nothing_else(mill, capsys):
    first, _ = run(collecting.refresh, mill / "good.toml", mill / "many.toml", capsys=capsys, plain=True)
    (mill / "web/mill.example/2.txt").write_text(f"Another\n\n{POEM}!", encoding="utf-8")
    second, status = run(collecting.refresh, mill / "good.toml", mill / "many.toml", capsys=capsys, plain=True)
    assert [c["version"] for c in first["corpora"]] == ["good@v1", "many@v1"]
    assert [(c["version"], c["changed"]) for c in second["corpora"]] == [("good@v1", False), ("many@v2", True)]
    assert status == 0


def test_what_is_held_has_a_status_of_its_own_and_can_be_accepted(mill, capsys):
    run(collecting.refresh, mill / "many.toml", capsys=capsys, plain=True)
    for number in (1, 2):
        (mill / f"web/mill.example/{number}.txt").unlink()
    with pytest.raises(HeldError, match="2 files are left of 4"):
        collecting.refresh([str(mill / "many.toml")], plain=True)
    said, status = run(collecting.refresh, mill / "good.toml", mill / "many.toml", capsys=capsys, plain=True)
    assert (status, said["corpora"][1]["error"]["kind"]) == (3, "Held")
    taken, status = run(collecting.refresh, mill / "many.toml", capsys=capsys, plain=True, accept=True)
    assert (status, taken["version"], len(taken["notes"])) == (0, "many@v2", 1)


def test_a_table_is_for_people(mill, capsys):
    collecting.refresh([str(mill / "good.toml"), str(mill / "many.toml")], plain=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["CORPUS", "SNAPSHOT", "VERSION", "REQUESTS", "304", "RECEIVED", "SAVED", "WAITED"]
    assert [line.split()[2] for line in lines[1:]] == ["good@v1", "many@v1"]


@pytest.mark.parametrize(("targets", "every"), [(None, False), (["bible"], True)])
def test_either_names_or_all(targets, every):
    with pytest.raises(UsageError, match="name corpora, or give --all"):
        collecting.collect(targets, every=every)


def test_the_whole_catalogue_is_collected_and_a_second_round_is_all_304(tmp_path, web, monkeypatch, capsys):
    needs.shared("web")
    monkeypatch.setenv("CORPUSMILL_MIRROR", web)
    monkeypatch.setenv("CORPUSMILL_STORE", str(tmp_path / "store"))
    first, status = run(collecting.collect, capsys=capsys, every=True)
    assert (status, [c for c in first["corpora"] if c.get("error") or c["notes"]]) == (0, [])
    second, _ = run(collecting.collect, capsys=capsys, every=True)
    assert [c["snapshot"] for c in second["corpora"]] == [c["snapshot"] for c in first["corpora"]]
    assert not any(c["new"] for c in second["corpora"])
    fetched = [c for c in second["corpora"] if spec.load(c["corpus"]).source["transport"] != "local"]
    assert {c["economics"]["not_modified"] for c in fetched} == {1}
    shutil.rmtree(tmp_path / "store")
