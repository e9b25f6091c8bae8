"""`mirror` and `export` as a user meets them."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpusmill.store import blobs
from corpusmill.store.ids import sha256
from tests.corpusmill import samples
from tests.corpusmill.interchange.versions import published

TEXT = b"The mill by the river grinds what the village brings it."


@pytest.fixture
def kept(store):
    """A store with one page in two snapshots, of which a version was made."""
    blobs.put(store.root, TEXT)
    page = samples.raw(sha256=sha256(TEXT), bytes=len(TEXT))
    later = samples.snapshot("bbb222bbb222", files=(page,), collected_at="2024-06-01T10:00:01+00:00")
    samples.keep(store, samples.snapshot(files=(page,)), later, samples.version())
    return store


def arguments(store, *given: str) -> list[str]:
    return [sys.executable, "-m", "corpusmill", *given, "--store", str(store.root)]


def call(store, *given: str) -> subprocess.CompletedProcess:
    return subprocess.run(arguments(store, *given), capture_output=True, text=True, check=False)


@contextmanager
def mirror(store, *given: str):
    """The command, once it has said where it is."""
    with subprocess.Popen(
        arguments(store, "mirror", "--port", "0", *given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said = next(line for line in process.stdout if "http://" in line)
        try:
            yield process, said
        finally:
            process.kill()


def get(address: str, path: str) -> bytes:
    with urllib.request.urlopen(address + path, timeout=10) as answer:  # noqa: S310 - our own address
        return answer.read()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_mirror_serves_the_store_until_it_is_stopped(kept, number, status):
    with mirror(kept, "--json") as (process, said):
        told = json.loads(said)
        assert set(told) == {"mirror", "files"}
        assert told["files"] == 1
        assert get(told["mirror"], "/host/a.txt") == TEXT
        process.send_signal(number)
        rest = process.communicate(timeout=20)

    assert (process.returncode, rest) == (status, ("", ""))


def test_a_mirror_of_a_folder_prints_the_line_to_copy_and_logs_when_asked(kept, tmp_path):
    (tmp_path / "web" / "host").mkdir(parents=True)
    (tmp_path / "web" / "host" / "b.txt").write_bytes(TEXT)
    with mirror(kept, str(tmp_path / "web"), "--log") as (process, said):
        assert said.startswith("    export CORPUSMILL_MIRROR=http://127.0.0.1:")
        address = said.strip().partition("=")[2]
        assert get(address, "/host/b.txt") == TEXT
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(address, "/host/a.txt")
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=20)

    assert '"GET /host/b.txt HTTP/1.1" 200' in log
    assert '"GET /host/a.txt HTTP/1.1" 404' in log


def test_a_mirror_open_to_the_network_says_so(kept):
    with mirror(kept, "--host", "0.0.0.0", "--json") as (process, _):  # noqa: S104 - that is what is tested
        process.send_signal(signal.SIGINT)
        assert "anyone on the network can read" in process.communicate(timeout=20)[1]


@pytest.mark.parametrize(("ref", "records"), [("bible", 5), ("bible/snapshots/aaa", 3), ("bible@v1", 3), ("bbb222", 3)])
def test_export_writes_a_warc_and_says_what_is_in_it(kept, tmp_path, ref, records):
    told = json.loads(call(kept, "export", ref, "--to", "warc", str(tmp_path / "out"), "--json").stdout)

    assert set(told) == {"export", "records", "revisits"}
    assert (told["records"], told["revisits"]) == (records, int(ref == "bible"))
    assert Path(told["export"]).read_bytes().startswith(b"\x1f\x8b")


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("hf", {"README.md", "croissant.json", "manifest.json", "data", "drops"}),
        ("bagit", {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data"}),
        ("delta", {"_delta_log", "split=train", "split=validation", "split=test"}),
        ("croissant", {"croissant.json"}),
    ],
)
def test_export_writes_a_version_whole_and_refuses_a_folder_with_something_in_it(store, tmp_path, form, files):
    mill = published(store)
    out = tmp_path / "some" / "out"

    done = call(store, "export", "mill@v1", "--to", form, str(out), "--json")

    told = json.loads(done.stdout)
    assert set(told) == {"export", "format", "version", "files", "bytes"}
    assert (told["export"], told["format"], told["version"]) == (str(out), form, mill.version.ref)
    assert {path.name for path in out.iterdir()} == files
    again = call(store, "export", "mill", "--to", form, str(out))
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)


BAD = [
    (["export", "bible", "--to", "zip", "out"], 2, "there is: hf, bagit, delta, croissant, warc"),
    (["export", "bibel", "--to", "hf", "out"], 1, "did you mean bible"),
    (["export", "bible", "--to", "delta", "."], 2, "name a folder of its own"),
    (["export", "bible", "--to", "hf", "out"], 1, "is missing"),
    (["export", "bibel", "--to", "warc", "out"], 1, "did you mean bible"),
    (["export", "bible", "out"], 2, "--to"),
    (["export", "bible", "--to", "warc", "file"], 1, "file"),
    (["mirror", "missing"], 2, "missing is no folder"),
    (["mirror", "--port", "99999"], 2, "65535"),
    (["mirror", "--port", "0", "--host", "192.0.2.7"], 2, "cannot listen on 192.0.2.7"),
]


@pytest.mark.parametrize(
    ("given", "status", "said"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_what_cannot_be_shared_is_told_in_one_line(kept, tmp_path, monkeypatch, given, status, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    (tmp_path / "file").write_bytes(b"not a folder")

    done = call(kept, *given)

    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("corpusmill: ")]) == 1
