"""What was left out and why, by step and reason, with examples."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from corpusmill.types import Drop, Version
from reports import words
from reports.material import Material
from reports.visible import link

REASONS = 20  # rows of the table
EXAMPLES = 3  # sources named for each


@dataclass(frozen=True, slots=True)
class Example:
    """One document left out: where it was, and what the ledger adds to the reason."""

    source: Markup
    detail: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: what a step left out for one reason."""

    step: str
    reason: str
    number: str
    share: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Rows in = kept + dropped, and why."""

    parsed: str
    kept: str
    left_out: int
    reasons: tuple[Reason, ...]
    unlisted: int  # reasons that the table leaves out
    unlisted_documents: int


def dropped(material: Material) -> Dropped:
    """Material -> the section on what was left out."""
    return of_version(material.version, material.drops)


def of_version(version: Version, drops: Sequence[Drop]) -> Dropped:
    """The same of a version and its ledger."""
    groups: dict[tuple[str, str], list[Drop]] = defaultdict(list)
    for drop in drops:
        groups[drop.step, drop.reason.partition(":")[0]].append(drop)
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return Dropped(
        parsed=words.count(version.parsed, "document"),
        kept=words.count(sum(shard.rows for shard in version.shards)),
        left_out=len(drops),
        reasons=tuple(_reason(step, why, group, version.parsed) for (step, why), group in ranked[:REASONS]),
        unlisted=len(ranked[REASONS:]),
        unlisted_documents=sum(len(group) for _, group in ranked[REASONS:]),
    )


def _reason(step: str, why: str, group: Sequence[Drop], parsed: int) -> Reason:
    """`why` is what stands before the colon of a reason; what follows differs from document to document."""
    examples = [Example(link(drop.source), drop.reason.partition(":")[2].strip()) for drop in group[:EXAMPLES]]
    return Reason(step, why, words.count(len(group)), words.percent(len(group), parsed), tuple(examples))
