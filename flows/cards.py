"""What Prefect shows of what a stage gave: markdown and tables, from the store. Prefect is not known here."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from corpusmill import lineage
from corpusmill.store import Store
from corpusmill.types import Run, Version

if TYPE_CHECKING:
    from model.sweep.file import Measure
    from model.sweep.result import Row

Table = list[dict[str, Any]]
_MOST = 40  # reasons for leaving out that a table lists


def key(corpus: str, card: str) -> str:
    """The key of an artifact: Prefect allows a-z, 0-9 and dashes."""
    return f"{re.sub('[^a-z0-9]+', '-', corpus)}-{card}"


def corpus(version: Version, store: Store) -> str:
    """A version's dataset card without its front matter, and its lineage drawn."""
    card = (store.version_folder(version) / "README.md").read_text(encoding="utf-8")
    _, _, words = card.removeprefix("---\n").partition("\n---\n")
    words = words.strip().replace("<", "&lt;")  # a title may hold anything; the card itself has no markup
    graph = lineage.trace(store, version.ref).mermaid()
    return "\n".join([words, "", "## Lineage", "", fenced(graph, "mermaid")])


def economics(cost: Mapping[str, Any]) -> Table:
    """What a collect has cost and what it was spared."""
    rows = [
        ("requests sent", f"{cost['requests']:,}"),
        ("bodies fetched", f"{cost['fetched']:,}"),
        ("answered 304, not sent again", f"{cost['unchanged']:,} ({cost['not_modified']:.1%})"),
        ("gone (404, 410)", f"{cost['gone']:,}"),
        ("tried again", f"{cost['retried']:,}"),
        ("gone on with where they were cut", f"{cost['resumed']:,}"),
        ("received", f"{cost['received'] / 1e6:,.3f} MB"),
        ("spared", f"{cost['saved'] / 1e6:,.3f} MB"),
        ("waited for politeness", f"{cost['waited']:,.1f} s"),
    ]
    return [{"what": what, "how much": much} for what, much in rows]


def statistics(version: Version) -> Table:
    """The size of each split, and of all."""
    sizes = {**version.stats["splits"], "all": version.stats["total"]}
    return [{"split": split, **{name: f"{count:,}" for name, count in size.items()}} for split, size in sizes.items()]


def drops(version: Version) -> Table:
    """How many documents were left out, and why, most first; the last row says how many stayed."""
    most = sorted(version.drops.items(), key=lambda drop: (-drop[1], drop[0]))
    rows = [(*why.split(": ", 1), count) for why, count in most[:_MOST]]
    if rest := most[_MOST:]:
        rows.append(("", f"{len(rest):,} other reasons", sum(count for _, count in rest)))
    rows.append(("", "kept", version.stats["total"]["documents"]))
    return [{"left out by": step, "because": why, "documents": f"{count:,}"} for step, why, count in rows]


def picture(run: Run, svg: str) -> str:
    """The loss curve, which needs no address to be loaded from."""
    body = base64.b64encode(svg.encode()).decode()
    return "\n".join([f"# {run.ref}: loss", "", f"![training and validation loss](data:image/svg+xml;base64,{body})"])


def samples(run: Run, texts: Sequence[str], told: str) -> str:
    """What a run wrote when it was asked."""
    return "\n\n".join([f"# {run.ref}: samples", told, *map(fenced, texts)])


def report(run: Run, store: Store, path: str) -> str:
    """How well a run predicts, the last of what it wrote, and where its report is."""
    loss = f"**{run.best['bits_per_byte']:.4f}** | {run.best['nats_per_char']:.4f}"
    return "\n".join(
        [
            f"# {run.ref}",
            "",
            "| validation: bits per byte | nats per character | iterations | parameters |",
            "|---:|---:|---:|---:|",
            f"| {loss} | {run.iterations:,} | {run.parameters:,} |",
            "",
            f"Trained on {run.version_ref}. The report: `{path}`",
            "",
            fenced(_last_sample(run, store.run_folder(run.corpus, run.id))),
        ]
    )


def _last_sample(run: Run, folder: Path) -> str:
    names = sorted(name for name in run.files if re.fullmatch(r"samples/\d+\.json", name))
    return msgspec.json.decode((folder / names[-1]).read_bytes())["text"] if names else ""


def trials(rows: Sequence["Row"], score: "Measure") -> Table:
    """A sweep's trials, ranked; those whose losses do not compare say on what they were measured."""
    from model.sweep.table import groups

    found = groups(rows, score)
    return [
        {**dict(zip(group.header, map(str, cells), strict=True)), "on": str(group.ground)}
        for group in found
        for cells in group.cells
    ]


def fenced(text: str, language: str = "") -> str:
    """A block that the text cannot end: the fence is longer than any row of backticks in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
