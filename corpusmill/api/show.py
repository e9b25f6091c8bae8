"""What a notebook shows of a version or a run: a small table. All that comes from outside is made harmless."""

from collections.abc import Iterable
from pathlib import Path

from corpusmill.types import SPLITS, Run, Shard, Version


def version(of: Version, folder: Path) -> str:
    """A version in a few lines of HTML."""
    removed = sum(removal.documents for removal in of.removals)
    splits = {split: [shard for shard in of.shards if shard.split == split] for split in SPLITS}
    return _table(
        of.ref,
        [
            ("title", of.title),
            ("licence", f"{of.licence} {of.licence_note}".strip()),
            *((split, size(mine)) for split, mine in splits.items() if mine),
            ("left out", _count(sum(of.drops.values()), "document")),
            *([("forgotten", _count(removed, "document"))] if removed else []),
            ("id", of.id),
            ("snapshot", of.snapshot),
            ("folder", str(folder)),
        ],
    )


def run(of: Run, folder: Path) -> str:
    """A run in a few lines of HTML."""
    bits, nats = of.best["bits_per_byte"], of.best["nats_per_char"]
    return _table(
        of.ref,
        [
            ("learnt from", of.version_ref),
            ("validation", f"{bits:.4f} bits per byte, {nats:.4f} nats per character"),
            ("model", f"{_count(of.parameters, 'parameter')}, vocabulary of {of.vocabulary:,}"),
            ("trained", f"{_count(of.iterations, 'iteration')}, {of.clock.get('seconds', 0):,.0f} s"),
            ("folder", str(folder)),
        ],
    )


def size(of: Iterable[Shard]) -> str:
    """How much is in shards, in words."""
    listed = list(of)
    rows, characters = sum(shard.rows for shard in listed), sum(shard.characters for shard in listed)
    return f"{_count(rows, 'document')}, {_count(characters, 'character')}"


def _table(title: str, facts: Iterable[tuple[str, str]]) -> str:
    from markupsafe import Markup

    from reports.visible import visible

    row = Markup('<tr><th scope="row" style="text-align: left">{}</th><td style="text-align: left">{}</td></tr>')
    rows = Markup().join(row.format(name, visible(value)) for name, value in facts)
    return str(Markup("<table><caption>{}</caption>{}</table>").format(visible(title), rows))


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
