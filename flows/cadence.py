"""How often a corpus is refreshed, as corpusmill's prefect.yaml schedules it, and so when it is late."""

from functools import cache

from flows.service import declared

DAYS = {"weekly": 7, "monthly": 31, "yearly": 366}
SLACK = 4  # days after which a refresh that was due is missed
NONE = "none"


def schedule(corpus: str) -> str:
    """The slug of its schedule: a key of DAYS; ``none`` for a corpus that has none here."""
    return _schedules().get(corpus, NONE)


def patience(schedule: str, days: int) -> int:
    """After how many days without a refresh somebody is told: so many, or when a yearly one was missed."""
    every = DAYS.get(schedule, 0)
    return max(days, every + SLACK) if every > DAYS["monthly"] else days


@cache
def _schedules() -> dict[str, str]:
    found = declared.read(declared.default_file())
    return {each.name: each.every for each in found if each.entrypoint == "flows.refresh.refresh" and each.every}
