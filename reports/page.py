"""The stage: Run -> one HTML file that holds everything it shows.

No script, no address to load from: the style sheet is part of the file, drawings are inline SVG, and a content policy
forbids the rest. Every value that enters the page passes through `visible`, so a hostile document cannot enter with it.

    report, made = reports.write(run, store)
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from corpusmill.errors import UsageError
from corpusmill.store import Store, refs
from corpusmill.store.commit import disk_errors, write_file
from corpusmill.store.ids import code_digest, content_id, sha256
from corpusmill.types import Progress, Report, Run, silent
from reports.material import Material, gather
from reports.sections.again import Again, again
from reports.sections.corpus import CorpusFacts, corpus
from reports.sections.dropped import Dropped, dropped
from reports.sections.lineage import Lineage, lineage
from reports.sections.notes import notes
from reports.sections.novelty import Newness, newness
from reports.sections.samples import Samples, samples
from reports.sections.summary import Summary, summary
from reports.sections.training import Training, training
from reports.visible import block, link, plain, visible

TEMPLATES = Path(__file__).parent / "templates"
MARK = "corpusmill-made-from"  # names the <meta> that holds the digest of what a page was made from
PROSE = 4000  # characters of a sentence of ours or of a command with every setting
HEAD = 4096  # bytes at the start of a page; the mark is among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the template sets out: one value a section."""

    digest: str
    style: Markup
    style_hash: str  # lets the content policy allow this style sheet and no other
    summary: Summary
    notes: tuple[str, ...]
    corpus: CorpusFacts
    lineage: Lineage
    training: Training
    samples: Samples
    newness: Newness
    dropped: Dropped
    again: Again
    mark: str = MARK


def write(run: Run, store: Store, *, output: Path | None = None, progress: Progress = silent) -> tuple[Report, bool]:
    """Write the report of a run to ``report.html`` in its folder, or to `output`; returns it and whether it is new.

    A page made from the same run by the same code is left as it is. Raises UnknownNameError for a run whose version or
    snapshot is gone, CorruptError for damaged files, BusyError, StoreError, and UsageError for an `output` that is a
    folder or somebody else's file.
    """
    path = output or store.run_folder(run.corpus, run.id) / "report.html"
    report = Report(run=run.id, path=str(path))
    digest = _digest(run, store)
    with disk_errors(path), store.lock(run.corpus, f"report-{run.id}", f"writing the report of {run.ref}"):
        if output:
            _refuse_others(output)
        if made_from(path) == digest and (output or store.holds(path)):
            return report, False
        progress("report", 0, 2, "reading the run")
        material = gather(run, store)
        progress("report", 1, 2, "drawing")
        write_file(path, render(material, digest).encode())
        if not output:
            store.keep(path)
    progress("report", 2, 2, str(path))
    return report, True


def render(material: Material, digest: str) -> str:
    """The whole page; the same material gives the same text."""
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    page = Page(
        digest=digest,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=source_hash(style),
        summary=summary(material),
        notes=notes(material),
        corpus=corpus(material),
        lineage=lineage(material),
        training=training(material),
        samples=samples(material),
        newness=newness(material),
        dropped=dropped(material),
        again=again(material),
    )
    return environment().get_template("page.html").render(page=page)


def source_hash(text: str) -> str:
    """How a content policy names the one style sheet or script that it allows (CSP 3, 2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def made_from(path: Path) -> str | None:
    """The digest in a page of ours; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        found = re.search(rb'<meta name="%s" content="([0-9a-f]{12})">' % MARK.encode(), file.read(HEAD))
    return found[1].decode() if found else None


@cache
def environment(*more: Path) -> Environment:
    """The templates, and those of more folders; every value is made visible, markup of ours aside."""
    made = Environment(
        loader=FileSystemLoader([TEMPLATES, *more]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(block=block, link=link, prose=_prose, plain=lambda text: escape(plain(text)))
    return made


def _finalize(value: Any) -> Any:
    """Every value on its way into the page: markup of ours as it is, anything else made visible."""
    return value if isinstance(value, Markup) else visible(str(value))


def _prose(text: str) -> Markup:
    """A sentence or a command, longer than a title but not endless."""
    return visible(text, PROSE)


def _digest(run: Run, store: Store) -> str:
    """What a page is made from: the manifests, and the code and templates that set them out."""
    version = refs.learnt_from(store, run)
    snapshot = store.snapshot(version.corpus, version.snapshot)
    templates = [(path.name, sha256(path.read_bytes())) for path in sorted(TEMPLATES.iterdir())]
    return content_id([run, version, snapshot, templates, code_digest("reports", "corpusmill.trace")])


def _refuse_others(output: Path) -> None:
    if output.is_dir():
        raise UsageError(f"{output} is a folder", "name a file, such as report.html")
    if output.exists() and made_from(output) is None:
        raise UsageError(f"{output} is there and is no report of corpusmill", "name another file, or move that one")
