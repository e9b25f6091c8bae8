"""A run: how well it predicts, how it learnt, what it writes, and on which machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpusmill.errors import UnknownNameError
from corpusmill.lineage import Graph
from corpusmill.store import Store
from corpusmill.types import Run
from reports import words
from reports.material import Material, gather
from reports.sections.again import Again, again
from reports.sections.corpus import CorpusFacts, corpus
from reports.sections.notes import notes
from reports.sections.novelty import Newness, newness
from reports.sections.samples import Samples, samples
from reports.sections.summary import Figure, Summary, summary
from reports.sections.training import Training, training
from reports.site.drawing import Drawing, drawing
from reports.site.frame import Frame, Place, render
from reports.site.rows import bits_of, number
from reports.site.shelf import Shelf

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What is known of a run whose version is still there; sections that reports have too."""

    summary: Summary
    notes: tuple[str, ...]
    corpus: CorpusFacts
    training: Training
    samples: Samples
    newness: Newness
    again: Again


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """What the template sets out."""

    ref: str
    title: str
    version: Place | None
    version_ref: str
    report: str  # the way to its report; empty for none
    lead: str
    figures: tuple[Figure, ...]
    learnt: Learnt | None
    machine: Pairs
    lineage: Drawing | None


def page(store: Store, shelf: Shelf, run: Run, graph: Graph | None, pages: dict[str, str]) -> bytes:
    """A run -> its page. Raises CorruptError for a file of it that is not what it was."""
    version = shelf.version(run.version)
    told = RunPage(
        ref=run.ref,
        title=version.title if version else shelf.title,
        version=Place(version.ref, f"../{version.name}.html") if version else None,
        version_ref=run.version_ref,
        report=f"{run.id}-report.html" if run.id in shelf.reports else "",
        lead=_lead(run),
        figures=tuple(_figures(run)),
        learnt=_learnt(store, run),
        machine=tuple(_machine(run)),
        lineage=drawing(graph, pages, f"From fetch to report: {run.ref}") if graph else None,
    )
    sections = [Place("Result", "result"), Place("Lineage", "lineage"), Place("Machine", "machine")]
    if told.learnt:
        sections[1:1] = [Place("Training", "training"), Place("Samples", "samples"), Place("What is new", "newness")]
    crumbs = (
        Place("All corpora", "../../../index.html"),
        Place(shelf.title, "../index.html"),
        *([told.version] if told.version else []),
    )
    return render("run-page.html", Frame(title=f"{run.ref} – run", crumbs=crumbs, sections=tuple(sections)), told)


def _learnt(store: Store, run: Run) -> Learnt | None:
    """What a report says too; None where the version or the snapshot is gone."""
    try:
        material: Material = gather(run, store)
    except UnknownNameError:
        return None
    return Learnt(
        summary=summary(material),
        notes=notes(material),
        corpus=corpus(material),
        training=training(material),
        samples=samples(material),
        newness=newness(material),
        again=again(material),
    )


def _lead(run: Run) -> str:
    seconds = words.duration(number(run.clock.get("seconds")))
    return (
        f"Learnt from {run.version_ref} for {seconds}, in {words.count(run.iterations, 'iteration')}. "
        f"It needs {bits_of(run):.3f} bits to predict a byte of the validation split."
    )


def _figures(run: Run) -> Iterator[Figure]:
    yield Figure(f"{bits_of(run):.3f}", "bits per byte", "on the validation split")
    yield Figure(f"{number(run.best.get('nats_per_char')):.3f}", "nats per character", "on the same")
    says = f"a vocabulary of {words.count(run.vocabulary)}"
    yield Figure(words.about(run.parameters), "parameters", says)


def _machine(run: Run) -> Iterator[tuple[str, str]]:
    yield from sorted(_said(run.machine))
    yield from sorted(_said(run.libraries))
    yield "code", run.code_digest
    yield from sorted(_said({key: value for key, value in run.clock.items() if key != "files"}))


def _said(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, f"{value:,.1f}" if isinstance(value, float) else str(value)) for name, value in table.items()]
