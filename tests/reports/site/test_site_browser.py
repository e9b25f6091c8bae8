"""A real browser: nothing asked for, nothing complained of, everything in reach of a keyboard, at any width."""

import functools
import http.server
import json
import subprocess
import threading
from pathlib import Path

import pytest

import reports
from reports import site
from tests import needs
from tests.reports.fake_run import fake_run
from tests.reports.hostile import PAYLOADS, told_everywhere
from tests.reports.site.grown import grown, later_version
from tests.reports.test_browser import FLAGS

LOOK = """<!DOCTYPE html><meta charset="utf-8"><title>look</title><link rel="icon" href="data:,"><body><script>
const found = {};
const wait = (frame) => new Promise((loaded) => frame.addEventListener("load", loaded));
const key = (target, name) => target.dispatchEvent(
  new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
async function look(path, width) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900; frame.src = path;
  document.body.append(frame);
  await wait(frame);
  const page = frame.contentDocument, say = {title: page.title, wide: page.documentElement.scrollWidth};
  const graph = page.querySelector(".graph");
  if (graph) {
    const svg = graph.querySelector("svg"), box = graph.querySelector(".scroll");
    const at = () => svg.getAttribute("viewBox");
    key(box, "0"); const whole = at(); key(box, "+"); const nearer = at(); key(box, "ArrowRight"); const moved = at();
    key(box, "0");
    say.graph = [whole !== nearer, nearer !== moved, at() === whole];
    box.focus(); say.focused = page.activeElement === box;
    const link = svg.querySelector("a"); link.focus(); say.link = page.activeElement === link;
  }
  const input = page.querySelector("[data-filter] input");
  if (input && !input.closest("[data-filter]").hidden) {
    const rows = [...page.querySelectorAll(`#${input.closest("[data-filter]").dataset.filter} tbody tr`)];
    input.value = "V7"; input.dispatchEvent(new Event("input"));
    say.filtered = [rows.filter((row) => !row.hidden).length, page.querySelector("[data-filter] output").textContent];
    key(input, "Escape"); say.cleared = rows.every((row) => !row.hidden);
  }
  const skip = page.querySelector("a.skip"); skip.focus(); say.skip = skip.getBoundingClientRect().left >= 0;
  found[path + " " + width] = say;
  frame.remove();
}
(async () => { for (const path of PAGES) { for (const width of [400, 1280]) { await look(path, width); } }
  document.body.textContent = JSON.stringify(found); })();
</script>"""


@pytest.fixture
def browse(tmp_path):
    """``browse(address)`` -> the page as it is after its scripts, and what the browser complained of."""
    program = needs.program("chromium")

    def run(address: str, *flags: str) -> tuple[str, str]:
        log = ("--enable-logging=stderr", "--virtual-time-budget=60000")
        command = [program, *FLAGS, *log, f"--user-data-dir={tmp_path / 'profile'}", *flags, "--dump-dom", address]
        done = subprocess.run(command, capture_output=True, check=True, timeout=120, text=True)
        return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return run


def looked_at(folder: Path, browse) -> tuple[dict[str, dict], list[str], str]:
    """What a browser finds on every page of a site at two widths, what it asked for, what it complained of."""
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html")) if path.is_file()]
    (folder / "look.html").write_text(LOOK.replace("PAGES", json.dumps(paths)), encoding="utf-8")
    asked = []

    class Counting(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_):
            asked.append(self.path.removeprefix("/"))

    handler = functools.partial(Counting, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shown, complaints = browse(f"http://127.0.0.1:{server.server_port}/look.html")
        server.shutdown()
    body = shown.partition("<body>")[2].partition("</body>")[0]
    return json.loads(body.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")), asked, complaints


def test_every_page_fits_its_window_and_its_script_works_by_keyboard(store, tmp_path, browse):
    grown(store, versions=8, runs=2)
    reports.write(store.runs("plays")[0], store)
    site.write(store, tmp_path / "site")
    found, asked, complaints = looked_at(tmp_path / "site", browse)
    assert complaints == ""
    assert set(asked) == {"look.html", *(name.rpartition(" ")[0] for name in found)}
    assert {name: page["wide"] for name, page in found.items() if page["wide"] > int(name.rpartition(" ")[2])} == {}
    graphs = [page for page in found.values() if "graph" in page]
    assert len(graphs) == 2 * (1 + 8 + 2)
    assert all(page["graph"] == [True, True, True] and page["focused"] and page["link"] for page in graphs)
    assert all(page["skip"] for page in found.values())
    assert found["corpora/plays/index.html 400"]["filtered"] == [1, "1 of 8"]
    assert found["corpora/plays/index.html 1280"]["cleared"]


def test_hostile_strings_do_nothing_in_it(store, tmp_path, browse):
    text = "".join(payload for payload in PAYLOADS if len(payload) < 1000)
    reports.write(fake_run(store, told_everywhere(text)), store)
    later_version(store, store.versions("plays")[0], 2)
    site.write(store, tmp_path / "site")
    found, asked, complaints = looked_at(tmp_path / "site", browse)
    assert complaints == ""
    assert set(asked) == {"look.html", *(name.rpartition(" ")[0] for name in found)}
    assert not [name for name, page in found.items() if page["title"] in ("got in", "1")]
    assert {name: page["wide"] for name, page in found.items() if page["wide"] > int(name.rpartition(" ")[2])} == {}


def test_a_page_opens_from_a_disk_with_its_style_and_its_script(store, tmp_path, browse):
    grown(store, versions=8, runs=1)
    site.write(store, tmp_path / "site")
    shown, complaints = browse((tmp_path / "site" / "corpora" / "plays" / "index.html").as_uri())
    assert complaints == ""
    assert 'class="graph live"' in shown
    picture = tmp_path / "page.png"
    browse((tmp_path / "site" / "index.html").as_uri(), f"--screenshot={picture}", "--window-size=1200,1600")
    assert picture.stat().st_size > 30_000
