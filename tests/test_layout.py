"""The README's tree is true, and the folders are what the design says."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("datasets", "tests", "docs", ".ci")
REGISTRIES = rb"(index-ur" + rb"l|find-link" + rb"s|python" + rb"hosted|pypi\.(org|python))"


def tracked() -> list[str]:
    """Every file that is, or is about to be, in git and exists."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def told(name: str) -> str | None:
    """The entry of the tree that stands for a file; None for what the tree leaves out by rule."""
    path = Path(name)
    if path.name in ("__init__.py", "py.typed", ".gitignore"):
        return None
    if path.parts[0] in FOLDERS:  # told by folder: `corpusmill corpora` lists what datasets/ holds
        return "/".join(path.parts[:2]) + "/" if len(path.parts) > 2 else path.parts[0] + "/"
    return name


def tree() -> dict[str, str]:
    """Path -> purpose, from the README's tree; a folder ends in a slash."""
    block = re.search(r"## The tree\n.*?```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block
    entries, folders = {}, []
    for line in block[1].splitlines():
        indent, name, purpose = re.fullmatch(r"( *)(\S+) +(\S.*)", line).groups()
        folders = folders[: len(indent) // 4]
        entries["".join(folders) + name] = purpose
        if name.endswith("/"):
            folders.append(name)
    return entries


def test_every_file_has_its_place_and_purpose_in_the_tree():
    expected = {entry for name in tracked() if (entry := told(name))}

    files = {entry for entry in tree() if not entry.endswith("/") or entry.partition("/")[0] in FOLDERS}

    assert files == expected


def test_a_purpose_is_short():
    assert {name: purpose for name, purpose in tree().items() if len(purpose) > 90} == {}


def test_datasets_holds_data_only():
    assert [name for name in tracked() if name.startswith("datasets/") and not name.endswith(".toml")] == []


def test_no_file_is_long_and_no_address_of_a_registry_is_kept():
    for name in tracked():
        text = (ROOT / name).read_bytes()
        if name.endswith(".py") and not name.startswith("tests/"):
            assert text.count(b"\n") <= 300, name
        assert not re.search(REGISTRIES, text), name


def test_the_locks_pin_what_the_project_asks_for():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    locks = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-dev.lock")]
    for requirement in wanted:
        name = re.match(r"[a-z0-9-]+", requirement)[0]
        for lock in locks:
            assert re.search(rf"^{name}==", lock, re.MULTILINE), name
    for lock in locks:
        assert all("==" in line for line in lock.splitlines() if line)
    pins = [{line.partition(" ;")[0] for line in lock.splitlines()} for lock in locks]  # markers may be wider
    assert pins[0] <= pins[1]
