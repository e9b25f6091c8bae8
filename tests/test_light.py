"""The commands that only look at manifests start fast: they import neither torch nor Prefect nor pyarrow."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "prefect", "pyarrow", "numpy", "requests", "jinja2", "fastapi", "sqlalchemy"}
OURS = {"flows", "collectors", "preprocess", "model", "reports"}


@pytest.mark.parametrize(
    "command",
    [["--help"], ["run", "--help"], ["corpora"], ["versions", "bible"], ["lineage", "bible"], ["show", "bible"]],
    ids=" ".join,
)
def test_commands_that_only_look_import_nothing_heavy(command, tmp_path):
    script = (
        "import sys\n"
        "from corpusmill.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, *command],
        env={"CORPUSMILL_STORE": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    modules = set(found.stderr.split())

    assert "typer" in modules
    assert not modules & (HEAVY | OURS)
