"""Clients that reach loopback and do not wait, for the tests."""

from pathlib import Path

import pytest
from urllib3 import Retry

from corpusmill.errors import CollectError
from corpusmill.http import Client, Limits, Network
from corpusmill.secrets import Secrets
from tests.corpusmill.http.server import Hurry

LIMITS = Limits()
NONE = Secrets({})
NEVER = Retry(0)
TWICE = Retry(
    2, backoff_factor=0, status_forcelist=(408, 425, 429, 500, 503), raise_on_status=False, retry_after_max=120
)


def quick(
    retries: Retry = NEVER,
    limits: Limits = LIMITS,
    hurry: Hurry | None = None,
    *,
    parts: Path | None = None,
    spill: int = 1000,
    secrets: Secrets = NONE,
    **network,
) -> Client:
    """A client in a hurry; `network` are fields of Network, and private hosts are allowed unless they say no."""
    network = {"allow_private": True, **network}
    clock = (hurry or Hurry()).clock
    return Client(
        Network(**network), limits=limits, retries=retries, clock=clock, parts=parts, spill=spill, secrets=secrets
    )


def failing(client: Client, url: str, headers: dict[str, str] | None = None) -> CollectError:
    """The error that fetching `url` ends with: one line, and nothing of the libraries' innards."""
    with pytest.raises(CollectError) as caught:
        client.get(url, headers=headers or {})
    said = str(caught.value)
    assert not [words for words in ("\n", "object at 0x", "Pool", "urllib3", "requests.") if words in said], said
    return caught.value
