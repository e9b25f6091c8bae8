"""Which schedules somebody has switched on or off: deploying again must not undo it.

Prefect's deploy sets every schedule as the file has it. So what the file said last time is kept: a schedule that
differs from it was switched by somebody and stays so; one that does not takes what the file says now.
"""

from pathlib import Path
from typing import Any

import msgspec

from corpusmill.store.commit import write_file
from flows.service.ask import Api

NAME = "schedules.json"
Switches = dict[str, bool]


def on_server(api: Api) -> Switches:
    """Every schedule that has a name, and whether it is on."""
    return {key: schedule["active"] for key, _, schedule in _all(api)}


def restore(api: Api, before: Switches, folder: Path) -> int:
    """After a deploy, switch back what had been switched; how many that were."""
    path = folder / NAME
    said: Switches = msgspec.json.decode(path.read_bytes()) if path.is_file() else {}
    says, changed = on_server(api), 0
    for key, deployment, schedule in _all(api):
        switched = key in before and key in said and before[key] != said[key]
        if switched and before[key] != schedule["active"]:
            api.patch(f"deployments/{deployment}/schedules/{schedule['id']}", active=before[key])
            changed += 1
    write_file(path, msgspec.json.encode(says))
    return changed


def _all(api: Api) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (f"{found['name']}/{schedule['slug']}", found["id"], schedule)
        for found in api.every("deployments")
        for schedule in found["schedules"]
        if schedule.get("slug")
    ]
