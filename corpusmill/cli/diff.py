"""diff: what became of a corpus from one version to another, and how well an earlier model does on what is new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from corpusmill.cli.console import emit, progress
from corpusmill.cli.settings import JsonOption, StoreOption, open_store
from corpusmill.errors import UsageError
from corpusmill.lineage.graph import counted, printable
from corpusmill.store import Store, refs
from corpusmill.types import Progress, Run, Version

if TYPE_CHECKING:
    from corpusmill.diff import Change, Diff

CHARACTERS = 1_000_000  # of new text that are scored, by default: minutes for a network of the default size
_TITLE = 40  # characters of a title that are shown
_SHOWN = 40  # of a vocabulary's characters that are shown
_VALUE = 48  # characters of a cause that are shown


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill diff bible@v1 bible@v2 --run bible@v1")(diff)


def diff(
    ref: Annotated[str, typer.Argument(metavar="A", help="A version; alone, it is compared with the one before it.")],
    other: Annotated[str, typer.Argument(metavar="[B]", help="Another version, the later one.")] = "",
    text: Annotated[str, typer.Option(help="Show how this document's text changed.", metavar="ID")] = "",
    run: Annotated[str, typer.Option(help="Score this run on only the new documents.", metavar="RUN")] = "",
    characters: Annotated[int, typer.Option(min=1, help="Score at most so many of their characters.")] = CHARACTERS,
    limit: Annotated[int, typer.Option(min=0, help="List at most so many documents of each kind.")] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions: documents, characters, licences, figures, and what made them differ."""
    opened = open_store(store)
    before, after = _versions(opened, ref, other)
    if text:
        if run:
            raise UsageError("--text is about one document, --run about all that are new", "give one of them")
        _show_text(opened, before, after, text, as_json=as_json)
        return
    from corpusmill import diff as comparing

    trained = refs.run(opened, run) if run else None
    with progress() as show:
        found = comparing.diff(opened, before, after, progress=show)
        scored = _score(opened, trained, found, after, characters, show) if trained else None
    lines = [*_told(found, limit), *(_in_words(scored) if trained else ())]
    emit(_as_json(found, limit, scored), "\n".join(lines), as_json=as_json)


def _versions(store: Store, ref: str, other: str) -> tuple[Version, Version]:
    """The earlier and the later one."""
    from corpusmill import diff as comparing

    named = refs.version(store, ref)
    return (named, refs.version(store, other)) if other else (comparing.parent(store, named), named)


def _show_text(store: Store, before: Version, after: Version, id_: str, *, as_json: bool) -> None:
    from corpusmill import diff as comparing

    unified = comparing.text_diff(store, before, after, id_)
    shown = "\n".join(printable(line.replace("\t", "    ")) for line in unified.split("\n"))
    value = {"before": before.ref, "after": after.ref, "id": id_, "text": unified}
    emit(value, shown if unified else f"the text of {id_} is the same in both", as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How well a run predicts the new documents, beside what it had for its validation split."""

    run: str
    learnt_from: str
    documents: int  # that are new; how much of them was scored, the characters say
    characters: int
    of_characters: int
    reset: int
    bits_per_byte: float
    nats_per_char: float
    validation_bits_per_byte: float
    note: str  # why the figure may be too good, if it may


def _score(store: Store, run: Run, found: "Diff", after: Version, most: int, tell: Progress) -> Scored | None:
    """None where nothing is new."""
    if not found.new:
        return None
    import model.score as scoring
    from corpusmill import diff as comparing
    from model.load import load
    from model.passage import joined

    ids, reset = [change.id for change in found.new], int(run.best.get("reset", 0))
    passage = joined(comparing.texts(store, after, ids), load(run, store).options.separator, most)
    tell("score", 0, 0, f"{run.ref} on {len(passage.text):,} characters")
    result = scoring.score(run, store, passage, split="new documents", reset=reset)
    tell("score", len(passage.text), len(passage.text), f"{result.bits_per_byte:.4f} bits per byte")
    return Scored(
        run=run.ref,
        learnt_from=run.version_ref,
        documents=len(ids),
        characters=result.characters,
        of_characters=sum(change.characters_after for change in found.new),
        reset=reset,
        bits_per_byte=result.bits_per_byte,
        nats_per_char=result.nats_per_char,
        validation_bits_per_byte=run.best["bits_per_byte"],
        note=_note(run.version_ref, found),
    )


def _note(learnt_from: str, found: "Diff") -> str:
    if learnt_from == found.before:
        return ""
    has = "has" if learnt_from == found.after else "may have"
    return f"it learnt from {learnt_from}, not from {found.before}, and {has} read some of them"


def _as_json(found: "Diff", limit: int, scored: Scored | None) -> dict[str, Any]:
    """The documented object: of documents the numbers, and the first of each kind."""
    value: dict[str, Any] = msgspec.to_builtins(found)
    kinds = ("added", "removed", "changed", "moved")
    counts = {kind: len(value[kind]) for kind in kinds}
    counts |= {kind: value.pop(kind) for kind in ("refetched", "unchanged")}
    lists = {kind: value[kind][: limit or None] for kind in kinds}
    return value | lists | {"counts": counts, "score": msgspec.to_builtins(scored)}


def _told(found: "Diff", limit: int) -> Iterator[str]:
    """For people: what is the same is not said, statistics that differ side by side."""
    yield f"{found.before} -> {found.after}"
    if found.before.partition("@")[0] != found.after.partition("@")[0]:
        yield "two corpora: documents are the same where they are of the same place"
    rows = [*_documents(found), *_characters(found), *_beside(found)]
    yield "\n".join(f"  {name:<{max(len(each) for each, _ in rows)}}  {said}" for name, said in rows)
    for mark, kind in (("+", found.added), ("-", found.removed), ("~", found.changed), (">", found.moved)):
        yield from _listed(mark, kind, limit)


def _documents(found: "Diff") -> Iterator[tuple[str, str]]:
    numbers = {
        "added": len(found.added),
        "removed": len(found.removed),
        "changed": len(found.changed),
        "in another split": len(found.moved),
        "of other raw bytes": found.refetched,
        "the same": found.unchanged,
    }
    yield "documents", ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number) or "none"
    yield "shards", f"{found.shards_reused:,} of {found.shards:,} reused"
    if found.sources:
        parts = (("added", found.sources.added), ("removed", found.sources.removed), ("changed", found.sources.changed))
        said = [f"{len(addresses):,} {what}" for what, addresses in parts if addresses]
        yield "raw files", ", ".join(said) or "the same"
    else:
        yield "raw files", "a snapshot is gone"


def _characters(found: "Diff") -> Iterator[tuple[str, str]]:
    for what, counts in (("gained", found.vocabulary_added), ("lost", found.vocabulary_removed)):
        if counts:
            often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
            shown = "  ".join(f"{printable(c) if c.isprintable() else f'U+{ord(c):04X}'} {n:,}" for c, n in often)
            yield f"characters {what}", f"{len(counts):,}: {shown}{' …' if len(counts) > _SHOWN else ''}"


def _beside(found: "Diff") -> Iterator[tuple[str, str]]:
    """What differs, before and after."""
    for cause in found.causes:
        yield f"by {cause.name}", f"{_value(cause.before)} -> {_value(cause.after)}"
    named: Sequence[tuple[str, Mapping[str, tuple[int, int]]]] = (("licence", found.licences), ("dropped", found.drops))
    for what, counts in named:
        for name, (was, now) in counts.items():
            if was != now:
                yield f"{what} {printable(name)}", f"{was:,} -> {now:,}"
    for figure in found.stats:
        if figure.before != figure.after:
            yield figure.name, f"{_number(figure.before)} -> {_number(figure.after)}"


def _listed(mark: str, changes: Sequence["Change"], limit: int) -> Iterator[str]:
    for change in changes[: limit or None]:
        yield "  ".join([mark, change.id, _sizes(change), printable(change.title)[:_TITLE], printable(change.source)])
    if limit and len(changes) > limit:
        yield f"{mark}  and {len(changes) - limit:,} more: --limit 0 lists all"


def _sizes(change: "Change") -> str:
    if change.split_before and change.split_after and change.split_before != change.split_after:
        return f"{change.split_before} -> {change.split_after}"
    if change.characters_before == change.characters_after or not (change.split_before and change.split_after):
        size = counted(change.characters_before or change.characters_after, "character")
        return size if change.text else f"{size}, not the text"
    return f"{change.characters_before:,} -> {counted(change.characters_after, 'character')}"


def _in_words(scored: Scored | None) -> Iterator[str]:
    if not scored:
        yield "no text is new, so there is nothing to score"
        return
    part = "" if scored.characters >= scored.of_characters else f" of {scored.of_characters:,}"
    yield f"{scored.run}, bits per byte:"
    read = f"{counted(scored.documents, 'document')}, {scored.characters:,}{part} characters"
    yield f"  {scored.bits_per_byte:.4f} on what is new ({read})"
    yield f"  {scored.validation_bits_per_byte:.4f} on its validation split"
    if scored.note:
        yield f"  {scored.note}"


def _value(value: Any) -> str:
    if value is None:
        return "-"
    said = printable(value if isinstance(value, str) else msgspec.json.encode(value).decode())
    return said if len(said) <= _VALUE else f"{said[: _VALUE - 1]}…"


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:,}" if isinstance(number, int) else f"{number:,.4f}"
