"""One file, whole, the same every time, fit for readers of every kind."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import reports
from corpusmill.errors import BusyError, CorruptError, StoreError, UnknownNameError, UsageError
from corpusmill.store import Store
from reports.sections.summary import summary
from tests.reports.fake_run import Told, fake_run

HEADINGS = [
    ("h1", "The plays"),
    ("h2", "Result"),
    ("h3", "Beside simpler means"),
    ("h3", "To keep in mind"),
    ("h2", "What it read"),
    ("h3", "How it reads"),
    ("h2", "Where it came from"),
    ("h3", "What was fetched"),
    ("h2", "How it learnt"),
    ("h2", "What it wrote"),
    ("h3", "As training went on"),
    ("h3", "From timid to bold"),
    ("h2", "What of it is new"),
    ("h3", "Its longest recitals"),
    ("h2", "What was left out, and why"),
    ("h2", "How to do it again"),
]


def words_of(element) -> str:
    return re.sub(r"\s+", " ", element.get_text()).strip()


@pytest.fixture
def page(store) -> BeautifulSoup:
    report, _ = reports.write(fake_run(store), store)
    return BeautifulSoup(Path(report.path).read_text(encoding="utf-8"), "html.parser")


def test_the_report_lies_in_its_run(store):
    run = fake_run(store)
    report, made = reports.write(run, store)
    assert made
    assert report.run == run.id
    assert Path(report.path) == store.run_folder("plays", run.id) / "report.html"


def test_its_parts_stand_in_their_order(page):
    assert [(h.name, words_of(h)) for h in page.find_all(["h1", "h2", "h3"])] == HEADINGS


def test_the_result_is_one_sentence(page):
    assert words_of(page.find(class_="lead")) == (
        "A 2 × 256 LSTM read the 2,160 training characters of The plays 142 times in 30 seconds. It now needs 2.89 "
        "bits to predict each byte of text it never learnt from (validation split): 36 % of the 8 that uncompressed "
        "text takes."
    )


def test_another_network_is_called_what_it_is(material):
    parts = {"cell": "gru", "norm": True, "residual": True, "tied": True}
    other = summary(material(config=parts, machine={"kernel": "numba gru"}))
    plain = summary(material(config={"cell": "rnn"}))

    assert (other.network, other.built) == (
        "2 × 256 GRU",
        "layer normalisation, residual connections and tied embeddings",
    )
    assert [figure.says for figure in other.figures[-2:]] == [
        "2 threads, float32, numba",
        "2 × 256 GRU, layer normalisation, residual connections and tied embeddings",
    ]
    assert (plain.network, plain.built) == ("2 × 256 plain RNN", "")


def test_the_key_figures_name_their_split(page):
    figures = [[words_of(part) for part in row.find_all(["dd", "dt"])] for row in page.select(".figures div")]
    assert figures == [
        ["bits per byte", "2.885", "validation split"],
        ["nats per character", "2.000", "validation split"],
        ["perplexity per character", "7.39", "validation split"],
        ["characters read", "307,200", "the train split 142 times"],
        ["characters per second", "310,000", "2 threads, float32"],
        ["parameters", "1.2 million", "2 × 256 LSTM"],
    ]


def test_what_was_left_out_adds_up(page):
    section = page.find(id="left-out")
    assert "Parsing gave 13 documents: 10 were kept and 3 left out." in words_of(section)
    rows = [[words_of(cell) for cell in row.find_all(["th", "td"])] for row in section.select("tbody tr")]
    rows = [[cell.replace("https://example.org/plays/", "") for cell in row] for row in rows]
    assert rows == [
        ["dedup", "same text", "2", "15 %", "two.txt#3 (kept 0a1b) two.txt#4 (kept 0a1c)"],
        ["too_short", "under 20 characters", "1", "7.7 %", "one.txt#9"],
    ]


def test_it_reads_well_aloud(page):
    assert page.html["lang"] == "en"
    assert [len(page.find_all(name)) for name in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    assert all(table.caption for table in page.find_all("table"))
    assert all(th.get("scope") for th in page.find_all("th"))
    assert all(section["aria-labelledby"] == section.h2["id"] for section in page.find_all("section"))
    for picture in page.find_all("svg", role="img"):
        assert picture["aria-labelledby"].split() == [picture.find("title")["id"], picture.find("desc")["id"]]
        assert words_of(picture.find("desc"))


def test_ids_are_unique_and_every_jump_lands(page):
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    jumps = [a["href"][1:] for a in page.find_all("a") if a["href"].startswith("#")]
    assert jumps
    assert set(jumps) <= set(ids)


def test_nothing_is_loaded_from_anywhere(page):
    assert not page.find_all(["script", "iframe", "object", "embed", "form", "img", "base"])
    assert not page.find_all(src=True)
    assert [link["href"] for link in page.find_all("link")] == ["data:,"]
    assert not re.search(r"url\(|@import|expression", page.style.string)
    outside = {a["href"].partition("#")[0] for a in page.find_all("a") if not a["href"].startswith("#")}
    assert outside == {
        "https://example.org/plays/",
        "https://example.org/plays/one.txt",
        "https://example.org/plays/two.txt",
    }


def test_the_policy_allows_this_style_sheet_and_nothing_else(page):
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    digest = base64.b64encode(hashlib.sha256(page.style.string.encode()).digest()).decode()
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert policy.find_previous(["style", "link", "title"]) is None  # it rules what comes after it only
    assert not page.find_all(style=True)


def test_twice_gives_the_same_bytes(tmp_path):
    pages = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        report, _ = reports.write(fake_run(store), store)
        pages.append(Path(report.path).read_bytes())
    assert pages[0] == pages[1]


def test_a_second_call_changes_nothing(store):
    run = fake_run(store)
    report, _ = reports.write(run, store)
    before = Path(report.path).stat()
    assert reports.write(run, store) == (report, False)
    after = Path(report.path).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_page_made_of_something_else_is_written_anew(store):
    run = fake_run(store)
    report, _ = reports.write(run, store)
    whole = Path(report.path).read_bytes()
    for other in (whole.replace(b'made-from" content="', b'made-from" content="f'), b"", b"<html>"):
        Path(report.path).write_bytes(other)
        assert reports.write(run, store)[1]
        assert Path(report.path).read_bytes() == whole


def test_a_page_can_go_elsewhere(store, tmp_path):
    run, output = fake_run(store), tmp_path / "new" / "plays.html"
    report, made = reports.write(run, store, output=output)
    assert (made, report.path) == (True, str(output))
    assert not (store.run_folder("plays", run.id) / "report.html").exists()
    assert not reports.write(run, store, output=output)[1]


def test_a_page_of_another_run_is_replaced_where_it_was_asked_to_go(store, tmp_path):
    first, second = fake_run(store), fake_run(store, Told(corpus="poems", title="Poems"))
    output = tmp_path / "report.html"
    reports.write(first, store, output=output)
    assert reports.write(second, store, output=output)[1]
    assert "Poems" in output.read_text(encoding="utf-8")


def test_it_tells_how_far_it_is(store):
    told = []
    reports.write(fake_run(store), store, progress=lambda *said: told.append(said))
    assert [(stage, done, total) for stage, done, total, _ in told] == [("report", n, 2) for n in range(3)]


@pytest.mark.parametrize(
    ("harm", "error", "says"),
    [
        (lambda _, folder: (folder / "metrics.jsonl").unlink(), CorruptError, "metrics.jsonl is missing"),
        (lambda _, folder: (folder / "metrics.jsonl").write_bytes(b"{}"), CorruptError, "does not match the manifest"),
        (lambda _, folder: (folder / "samples" / "ladder.json").unlink(), CorruptError, "ladder.json is missing"),
        (
            lambda _, folder: (folder / "vocabulary.json").write_bytes(b""),
            CorruptError,
            "vocabulary.json does not match",
        ),
        (
            lambda root, _: _remove(root / "plays" / "versions"),
            UnknownNameError,
            "plays@v1, which plays/runs/.* learnt from",
        ),
        (lambda root, _: _remove(root / "plays" / "snapshots"), UnknownNameError, "snapshots"),
    ],
)
def test_what_is_gone_or_damaged_is_named_and_no_page_is_left(store, harm, error, says):
    run = fake_run(store)
    folder = store.run_folder("plays", run.id)
    harm(store.root, folder)
    with pytest.raises(error, match=says):
        reports.write(run, store)
    assert not list(folder.glob("*.html*"))


def _remove(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))


def test_an_output_that_is_a_folder_is_refused(store, tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        reports.write(fake_run(store), store, output=tmp_path)


def test_an_output_that_is_somebody_elses_is_left_alone(store, tmp_path):
    mine = tmp_path / "notes.html"
    mine.write_text("<p>mine")
    with pytest.raises(UsageError, match=r"notes\.html is there and is no report"):
        reports.write(fake_run(store), store, output=mine)
    assert mine.read_text() == "<p>mine"


def test_an_output_below_a_file_is_refused_in_words(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        reports.write(fake_run(store), store, output=tmp_path / "file" / "report.html")


def test_two_writers_do_not_meet(store):
    run = fake_run(store)
    with store.lock("plays", f"report-{run.id}", "writing"), pytest.raises(BusyError):
        reports.write(run, store)


def test_a_run_without_samples_says_so(store):
    report, _ = reports.write(fake_run(store, Told(samples=(), ladder=())), store)
    assert "This run kept no samples." in Path(report.path).read_text(encoding="utf-8")


def test_a_version_without_drops_says_so(store):
    report, _ = reports.write(fake_run(store, Told(drops=())), store)
    assert "Nothing: parsing gave 10 documents, and all of them" in Path(report.path).read_text(encoding="utf-8")


def test_a_run_of_another_machine_needs_no_facts_about_it(store):
    run = replace(fake_run(store), machine={})
    report, made = reports.write(run, store)
    assert made
    assert Path(report.path).is_file()
