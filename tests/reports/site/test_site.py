"""A site is whole, leads somewhere with every link, is the same each time, and is written only where it changed."""

import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import reports
from corpusmill.errors import BusyError, CorruptError, UsageError
from corpusmill.store import Store, commit, tags
from reports import site
from reports.site.frame import SITE, Place
from reports.site.rows import chapters
from tests.reports.fake_run import Told, fake_run
from tests.reports.site.grown import grown, later_run, later_version, pages

FRAME = {"html", "head", "body", "header", "main", "footer", "h1", "style", "script"}


@pytest.fixture
def filled(store) -> Store:
    """Two corpora, one of two versions, two runs, one report."""
    run = fake_run(store)
    reports.write(run, store)
    later_run(store, run, 9)
    later_version(store, store.versions("plays")[0], 2)
    fake_run(store, Told(corpus="index.html", title="A corpus with an odd name"))
    return store


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def text_of(element) -> str:
    return re.sub(r"\s+", " ", element.get_text(" ")).strip()


def test_every_corpus_version_and_run_has_a_page(filled, tmp_path):
    made = site.write(filled, tmp_path / "site")
    runs = sorted(run.id for run in filled.runs("plays"))
    reported = next(run for run in runs if (filled.run_folder("plays", run) / "report.html").is_file())
    expected = {
        "index.html",
        "corpora/plays/index.html",
        "corpora/plays/v000001.html",
        "corpora/plays/v000002.html",
        *(f"corpora/plays/runs/{run}.html" for run in runs),
        f"corpora/plays/runs/{reported}-report.html",
        "corpora/index.html/index.html",
        "corpora/index.html/v000001.html",
        f"corpora/index.html/runs/{filled.runs('index.html')[0].id}.html",
    }
    written = files(tmp_path / "site")
    assert set(written) - {".lock"} == {*expected, "site.json"}
    assert set(msgspec.json.decode(written["site.json"])["files"]) == expected
    assert (made.site, made.files, made.written) == (str(tmp_path / "site" / "index.html"), 10, 10)
    copied = written[f"corpora/plays/runs/{reported}-report.html"]
    assert copied == (filled.run_folder("plays", reported) / "report.html").read_bytes()


def test_every_page_can_be_reached_and_every_link_leads_somewhere(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    found = pages(tmp_path / "site")
    reached = {"index.html"}
    for name, page in found.items():
        ids = [tag["id"] for tag in page.find_all(id=True)]
        assert len(ids) == len(set(ids)), name
        for address in (a["href"] for a in page.find_all("a")):
            path, _, jump = address.partition("#")
            if address.startswith("https://"):
                continue
            target = ((tmp_path / "site" / name).parent / path).resolve() if path else tmp_path / "site" / name
            assert target.is_file(), (name, address)
            assert not jump or jump in ids, (name, address)
            reached.add(target.relative_to(tmp_path / "site").as_posix())
    assert {name for name in files(tmp_path / "site") if name.endswith(".html")} == reached


def test_pages_load_nothing_and_their_policy_allows_their_own_style_and_script_alone(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    for name, page in pages(tmp_path / "site").items():
        assert not page.find_all(["iframe", "object", "embed", "form", "img", "base"]), name
        assert not page.find_all(src=True), name
        assert not [key for tag in page.find_all(True) for key in tag.attrs if key == "style" or key.startswith("on")]
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        style, script = (reports.page.source_hash(page.find(tag).string) for tag in ("style", "script"))
        rest = "img-src data:; base-uri 'none'; form-action 'none'"
        assert policy == f"default-src 'none'; style-src '{style}'; script-src '{script}'; {rest}"


def test_pages_read_well_aloud(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    for name, page in pages(tmp_path / "site").items():
        assert page.html["lang"] == "en"
        assert {tag: len(page.find_all(tag)) for tag in FRAME} == dict.fromkeys(FRAME, 1), name
        assert page.find("a", class_="skip")["href"] == "#content" == f"#{page.main['id']}"
        assert all(table.caption and text_of(table.caption) for table in page.find_all("table")), name
        assert all(th.get("scope") for th in page.find_all("th")), name
        assert all(section["aria-labelledby"] == section.h2["id"] for section in page.find_all("section")), name
        assert all(nav.get("aria-label") for nav in page.find_all("nav")), name
        assert all(page.find("label", attrs={"for": box["id"]}) for box in page.find_all("input")), name
        for picture in page.find_all("svg", attrs={"aria-labelledby": True}):
            assert picture["aria-labelledby"].split() == [picture.find("title")["id"], picture.find("desc")["id"]]
        levels = [int(heading.name[1]) for heading in page.find_all(re.compile("^h[1-6]$"))]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name


def test_what_script_brings_is_hidden_without_it(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    for page in pages(tmp_path / "site").values():
        for control in page.find_all(["input", "button"]):
            assert control.find_parent("p").has_attr("hidden")


def test_the_first_page_tells_what_is_here_from_what_could_be(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    first = pages(tmp_path / "site")["index.html"]
    here, elsewhere = (
        [text_of(row.th) for row in first.select(f"#{name} tbody tr")] for name in ("collected", "declared")
    )
    assert here == ["A corpus with an odd name index.html", "The plays plays"]
    assert "King James Bible bible" in elsewhere
    assert not first.select("#declared a")


def test_an_empty_store_has_a_site_that_says_how_to_begin(store, tmp_path):
    assert site.write(store, tmp_path / "site").files == 1
    assert "corpusmill run python" in text_of(pages(tmp_path / "site")["index.html"].main)


def test_a_version_says_what_changed_what_was_left_out_and_who_learnt_from_it(filled, tmp_path):
    tags.put(filled, filled.versions("plays")[1], "paper")
    site.write(filled, tmp_path / "site")
    first, second = (pages(tmp_path / "site")[f"corpora/plays/v00000{number}.html"] for number in (1, 2))
    assert "there is no version before it" in text_of(first.find(id="changes"))
    assert "Since plays@v1: 0 added, 0 removed, 0 changed and 0 moved; 10" in text_of(second.find(id="changes"))
    assert "2 of 2 shards were taken over" in text_of(second.find(id="changes"))
    assert "tagged paper" in text_of(second.header)
    assert "10 were kept and 3 left out" in text_of(first.find(id="left-out"))
    assert len(first.select("#run-list tbody tr")) == 2
    assert next(a["href"] for a in first.select(".graph svg a")) == "v000001.html"
    assert "First citizen" in text_of(first.find(id="texts"))


def test_a_run_shows_its_curve_and_its_samples(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    run = filled.runs("plays")[0]
    page = pages(tmp_path / "site")[f"corpora/plays/runs/{run.id}.html"]
    assert page.select("#training svg path.validation")
    assert "Speak, hear me." in text_of(page.find(id="samples"))
    assert page.find("a", href=f"{run.id}-report.html")
    assert "iterations" not in text_of(page.find(id="result").find("h2"))


def test_a_run_whose_version_is_gone_still_has_a_page(filled, tmp_path):
    run = filled.runs("plays")[0]
    shutil.rmtree(filled.version_folder(filled.versions("plays")[0]))
    site.write(filled, tmp_path / "site")
    page = pages(tmp_path / "site")[f"corpora/plays/runs/{run.id}.html"]
    assert "is gone from the store" in text_of(page.header)
    assert "bits per byte 2.885" in text_of(page.find(id="result"))


def test_nothing_of_this_machine_is_on_a_page(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    assert not [name for name, body in files(tmp_path / "site").items() if str(tmp_path).encode() in body]


def test_the_same_store_gives_the_same_bytes_wherever_it_lies(filled, tmp_path):
    site.write(filled, tmp_path / "one")
    shutil.copytree(filled.root, tmp_path / "moved")
    site.write(Store(tmp_path / "moved"), tmp_path / "other")
    assert files(tmp_path / "one") == files(tmp_path / "other")


def test_only_what_changed_is_written_again(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    before = {name: (tmp_path / "site" / name).stat().st_mtime_ns for name in files(tmp_path / "site")}
    again = site.write(filled, tmp_path / "site")
    assert (again.written, again.unchanged, again.removed) == (0, 10, 0)
    assert before == {name: (tmp_path / "site" / name).stat().st_mtime_ns for name in files(tmp_path / "site")}

    later_version(filled, filled.versions("plays")[1], 3)
    more = site.write(filled, tmp_path / "site")

    changed = {name for name, at in before.items() if (tmp_path / "site" / name).stat().st_mtime_ns != at} - {".lock"}
    assert changed == {"index.html", "corpora/plays/index.html", "corpora/plays/v000002.html", "site.json"}
    assert (more.written, more.unchanged) == (4, 7)


def test_pages_of_what_is_gone_go_too(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    shutil.rmtree(filled.corpus("index.html"))
    assert site.write(filled, tmp_path / "site").removed == 3
    assert not (tmp_path / "site" / "corpora" / "index.html").exists()
    assert site.write(filled, tmp_path / "fresh").files == 7
    assert files(tmp_path / "fresh") == files(tmp_path / "site")


def test_a_page_that_somebody_changed_or_lost_is_made_again(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    whole = files(tmp_path / "site")
    (tmp_path / "site" / "index.html").write_bytes(b"other")
    (tmp_path / "site" / "corpora" / "plays" / "v000001.html").unlink()
    assert site.write(filled, tmp_path / "site").written == 2
    assert files(tmp_path / "site") == whole


def test_a_failure_leaves_the_site_as_it_was(filled, tmp_path):
    site.write(filled, tmp_path / "site")
    whole = files(tmp_path / "site")
    third = later_version(filled, filled.versions("plays")[1], 3)
    shard = filled.version_folder(third) / third.shards[0].path
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptError, match=re.escape(third.shards[0].path)):
        site.write(filled, tmp_path / "site")
    assert files(tmp_path / "site") == whole
    assert not [path for path in (tmp_path / "site").iterdir() if path.name.endswith(".tmp")]


def test_what_a_dead_writer_left_between_two_states_is_mended(filled, tmp_path):
    """Some pages are new, the list is old: as if the machine had stopped while pages took their places."""
    site.write(filled, tmp_path / "site")
    listing = (tmp_path / "site" / "site.json").read_bytes()
    later_version(filled, filled.versions("plays")[1], 3)
    site.write(filled, tmp_path / "site")
    whole = files(tmp_path / "site")
    (tmp_path / "site" / "site.json").write_bytes(listing)
    site.write(filled, tmp_path / "site")
    assert files(tmp_path / "site") == whole


@pytest.mark.parametrize("case", ["other files", "a file", "in the store", "the store", "a list of another kind"])
def test_what_is_no_site_of_ours_is_left_alone(filled, tmp_path, case):
    output = {"in the store": filled.root / "site", "the store": filled.root}.get(case, tmp_path / "out")
    if case == "a file":
        output.write_text("mine", encoding="utf-8")
    elif output == tmp_path / "out":
        output.mkdir()
        (output / "mine.txt").write_text("mine", encoding="utf-8")
        if case == "a list of another kind":
            (output / "site.json").write_text('{"corpusmill_site": 1, "files": {"../x": {}}}', encoding="utf-8")
    before = files(tmp_path)
    with pytest.raises(UsageError):
        site.write(filled, output)
    assert files(tmp_path) == before


def test_two_do_not_write_one_site_at_once(filled, tmp_path):
    (tmp_path / "site").mkdir()
    with commit.exclusive(tmp_path / "site" / ".lock", "test"), pytest.raises(BusyError):
        site.write(filled, tmp_path / "site")


def test_many_versions_are_paged(store, tmp_path):
    grown(store, versions=62, runs=1)
    site.write(store, tmp_path / "site")
    found = pages(tmp_path / "site")
    assert len(found["corpora/plays/index.html"].select("#version-list tbody tr")) == 60
    assert found["corpora/plays/index.html"].find("a", href="versions-0001.html")
    assert len(found["corpora/plays/versions-0001.html"].select("#list tbody tr")) == 62
    assert max(len(body) for body in files(tmp_path / "site").values()) < 150_000


def test_a_list_that_a_page_holds_whole_has_no_other_pages():
    assert chapters("runs", 60) == ()
    assert chapters("runs", 201) == (
        Place("1 to 100", "runs-0001.html"),
        Place("101 to 200", "runs-0002.html"),
        Place("201 to 201", "runs-0003.html"),
    )


def test_every_style_is_used():
    css = re.sub(r"\d\.\d+|@media[^{]*", "", (SITE / "site.css").read_text(encoding="utf-8"))
    sources = [*SITE.glob("*.html"), *SITE.glob("*.js"), *SITE.parent.parent.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert {name for name in set(re.findall(r"\.([a-z][\w-]*)", css)) if not re.search(rf"\b{name}\b", text)} == set()
    assert not re.search(
        r"url\(|@import|#[0-9a-f]{3}", css
    )  # colours are those of the reports, whose contrast is tested


def test_the_command_says_what_it_did(filled, tmp_path):
    command = [sys.executable, "-m", "corpusmill", "site", "--store", str(filled.root), "-o", str(tmp_path / "site")]
    first = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    index = str(tmp_path / "site" / "index.html")
    assert msgspec.json.decode(first.stdout) == {
        "site": index,
        "files": 10,
        "written": 10,
        "unchanged": 0,
        "removed": 0,
    }
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert second.stdout == f"{index}  (unchanged)\n"
