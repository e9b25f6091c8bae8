"""What Prefect shows of a version and a run: markdown made of what the store has. Prefect is not known here."""

import re
from pathlib import Path

import msgspec

from corpusmill import lineage
from corpusmill.store import Store
from corpusmill.types import Run, Version


def key(corpus: str, card: str) -> str:
    """The key of an artifact: Prefect allows a-z, 0-9 and dashes."""
    return f"{re.sub('[^a-z0-9]+', '-', corpus)}-{card}"


def corpus(version: Version, store: Store) -> str:
    """A version's dataset card without its front matter, and its lineage drawn."""
    card = (store.version_folder(version) / "README.md").read_text(encoding="utf-8")
    _, _, words = card.removeprefix("---\n").partition("\n---\n")
    words = words.strip().replace("<", "&lt;")  # a title may hold anything; the card itself has no markup
    graph = lineage.trace(store, version.ref).mermaid()
    return "\n".join([words, "", "## Lineage", "", _fenced(graph, "mermaid")])


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
            _fenced(_last_sample(run, store.run_folder(run.corpus, run.id))),
        ]
    )


def _last_sample(run: Run, folder: Path) -> str:
    names = sorted(name for name in run.files if re.fullmatch(r"samples/\d+\.json", name))
    return msgspec.json.decode((folder / names[-1]).read_bytes())["text"] if names else ""


def _fenced(text: str, language: str = "") -> str:
    """A block that the text cannot end: the fence is longer than any row of backticks in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
