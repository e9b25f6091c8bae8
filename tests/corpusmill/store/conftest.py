import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from corpusmill.store import Store
from tests.corpusmill.store.bucket_server import KEYS
from tests.corpusmill.store.poems import refreshed, written

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def mill(tmp_path_factory) -> tuple[Path, Path]:
    """A folder of poems, and a store in which it is collected and built; who changes the store copies it."""
    place = tmp_path_factory.mktemp("mill")
    refreshed(written(place / "poems"), Store(place / "store"))
    return place / "poems", place / "store"


@pytest.fixture(scope="session")
def server():
    """The address of an S3 server that runs as long as the tests."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.corpusmill.store.bucket_server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield address
        process.stdin.close()


@pytest.fixture
def aws(server, monkeypatch) -> dict[str, str]:
    """The environment in which that server is AWS."""
    said = {**KEYS, "AWS_ENDPOINT_URL": server}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return said


@pytest.fixture
def url(aws) -> str:
    """A fresh place in its bucket."""
    return f"s3://corpora/{uuid.uuid4().hex}"
