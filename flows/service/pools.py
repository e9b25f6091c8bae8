"""Work pools: the queues that workers take runs from, with how many may run at once."""

import os
import shutil
import socket
import subprocess

from corpusmill.errors import FlowError
from flows.service.ask import Api, named

CPU, GPU = "cpu", "gpu"
POOLS = (CPU, GPU)
TYPE = "process"
SECONDS = 10


def devices() -> int:
    """How many CUDA devices this machine lets us use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return sum(bool(each.strip()) and each.strip() != "-1" for each in visible.split(","))
    program = shutil.which("nvidia-smi")
    if not program:
        return 0
    try:
        told = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return 0
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())


def ensure(api: Api, name: str, limit: int | None, *, asked: bool) -> int | None:
    """Make a pool where there is none; its limit. One that is there keeps its limit unless another is `asked` for.

    Raises FlowError where one of ours is of another type: our workers would not be let in.
    """
    path = named("work_pools", name)
    found = api.get(path)
    if found is None:
        made = api.post("work_pools/", name=name, type=TYPE, concurrency_limit=limit)
        return made["concurrency_limit"]  # type: ignore[no-any-return]
    if name in POOLS and found["type"] != TYPE:
        hint = f"rename or delete it: prefect work-pool delete {name}"
        raise FlowError(f"the work pool {name} is of type {found['type']}, not {TYPE}", hint)
    if asked and found["concurrency_limit"] != limit:
        api.patch(path, concurrency_limit=limit)
        return limit
    return found["concurrency_limit"]  # type: ignore[no-any-return]


def worker_name(pool: str) -> str:
    """One worker a machine and pool; it keeps its name, so that a restart leaves no second one behind."""
    return f"{socket.gethostname()}-{pool}"


def workers(api: Api, pool: str) -> list[dict[str, str]]:
    """All that a pool has ever seen, with their status and their last heartbeat."""
    return list(api.every(f"{named('work_pools', pool)}/workers"))
