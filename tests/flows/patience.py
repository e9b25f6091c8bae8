"""Requests to a Prefect server on a busy machine, where SQLite makes it answer 503 now and then."""

import httpx

from tests.flows.programs import until


def send(method: str, url: str, body: dict | None = None):
    """The JSON of the first answer that is not 503, if it has any."""

    def asked() -> httpx.Response | None:
        answer = httpx.request(method, url, json=body, timeout=30)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    answer = until(asked, 60).raise_for_status()
    return answer.json() if answer.content else None
