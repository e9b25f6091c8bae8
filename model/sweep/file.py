"""experiments/*.toml -> Sweep, strictly: an unknown key fails, naming file, key and nearest match.

    corpora = ["shakespeare"]                      # as commands take them: a name, a file, bible@v3
    [base]                                         # settings of every trial, as --set takes them
    train.steps = 2000
    [grid]                                         # every value of each with every value of the others
    train.hidden = [64, 128]
    [random]                                       # so many draws, laid over each of the others
    trials = 8
    train.learning_rate = { loguniform = [1e-3, 3e-2] }
    [[trial]]                                      # settings that go together
    train.cell = "gru"
    train.clip = 5.0

Settings have dotted names, of [train] and [split] alone: what is parsed and cleaned is the corpus's to say.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from corpusmill import spec
from corpusmill.errors import SpecError, UnknownNameError
from corpusmill.store.ids import slug
from corpusmill.types import Table
from model.options import SampleOptions, TrainOptions

Settings = Mapping[str, Any]
"""Dotted name -> value: ``{"train.hidden": 64}``."""
Measure = Literal["nats_per_char", "bits_per_byte"]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Whole = int
_BUDGETS = {"train.steps", "train.minutes", "train.epochs"}

SPLIT = ("scheme", "fractions")  # the keys of [split]
_NAMES = {
    "train": {field.name for field in dataclasses.fields(TrainOptions)} - {"samples"},
    "train.samples": {field.name for field in dataclasses.fields(SampleOptions)},
    "split": set(SPLIT),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How a number or a choice is drawn; exactly one is said."""

    uniform: tuple[float, float] | None = None
    loguniform: tuple[Positive, Positive] | None = None  # its logarithm is uniform
    int: tuple[Whole, Whole] | None = None  # both ends included
    choice: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse none, several, no values, and ends in the wrong order."""
        said = [values for values in (self.uniform, self.loguniform, self.int, self.choice) if values is not None]
        if len(said) != 1 or not said[0]:
            raise ValueError("a draw is one of uniform, loguniform, int and choice, with its values")
        if self.choice is None and said[0][0] >= said[0][1]:
            raise ValueError(f"the lower end comes first, not {said[0][0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """``[halving]``: smallest and largest budget, of steps or minutes; one of `factor` goes on, with so much more."""

    factor: Annotated[int, Meta(ge=2, le=100)] = 3
    steps: tuple[Count, Count] | None = None
    minutes: tuple[Positive, Positive] | None = None

    def __post_init__(self) -> None:
        """Refuse none, both, and ends in the wrong order."""
        said = self.steps or self.minutes
        if not said or (self.steps and self.minutes):
            raise ValueError("halving needs the smallest and the largest budget: steps = [100, 2700] or minutes = […]")
        if said[0] > said[1]:
            raise ValueError(f"the smallest budget comes first, not {said[0]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure that somebody published, and the trials that it stands beside in a table, if any."""

    value: float
    unit: Measure = "nats_per_char"
    of: str  # of what, in words: the model, the split, the kind of loss
    source: str
    settings: Table = field(default_factory=dict)  # of the trials it belongs to
    corpus: str = ""  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text to train on, and what is set for it alone."""

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep file, checked; `overrides` have the last word in every trial."""

    name: str
    title: str
    source: str
    about: str
    score: Measure
    texts: tuple[Text, ...]
    seeds: tuple[int, ...]
    base: Settings
    given: tuple[Settings, ...]
    grid: Mapping[str, tuple[Any, ...]]
    draws: Mapping[str, Draw]
    draw_trials: int
    draw_seed: int
    halving: Halving | None
    published: tuple[Published, ...]
    overrides: Settings
    declared_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The top level of a sweep file."""

    title: str = ""
    source: str = ""  # where the settings come from
    about: str = ""
    corpora: Annotated[tuple[str | Table, ...], Meta(min_length=1)]
    score: Measure = "nats_per_char"  # of the validation split: what trials are ranked by
    seeds: tuple[Annotated[int, Meta(ge=0)], ...] = ()
    base: Table = field(default_factory=dict)
    grid: Table = field(default_factory=dict)
    random: Table = field(default_factory=dict)
    trial: tuple[Table, ...] = ()
    halving: Halving | None = None
    published: tuple[Table, ...] = ()


def experiments_folder() -> Path:
    """The experiments that are shipped: beside the packages in a checkout, inside the kernel in a wheel."""
    root = Path(__file__).parents[2]
    installed = root / "corpusmill" / "_experiments"
    return installed if installed.is_dir() else root / "experiments"


def names() -> list[str]:
    """Every experiment that is shipped, sorted."""
    return sorted(path.stem for path in experiments_folder().glob("*.toml"))


def load(target: str, overrides: tuple[str, ...] = ()) -> Sweep:
    """A sweep file, or an experiment by name. Raises UnknownNameError, SpecError."""
    path = Path(target)
    if target in names():
        path = experiments_folder() / f"{target}.toml"
    elif not path.is_file():
        raise UnknownNameError(f"{target} is no sweep file", spec.nearest(target, names(), "experiments"))
    try:
        return parse(path.read_text(encoding="utf-8"), str(path), overrides)
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is not UTF-8: {error.reason} at byte {error.start}", "save it as UTF-8") from error
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}", "check the path") from error


def parse(text: str, where: str, overrides: tuple[str, ...] = ()) -> Sweep:
    """The text of a sweep file; `where` names it in errors and gives the sweep its name (the stem)."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where} is not TOML: {error}", "mend the line it names") from error
    said = spec.options(_File, table, where)
    given: dict[str, Any] = {}
    for item in overrides:
        spec.override(given, item)
    random = dict(said.random)
    trials, seed = (random.pop(key, default) for key, default in (("trials", 0), ("seed", 1)))
    sweep = Sweep(
        name=slug(Path(where).stem),
        title=said.title,
        source=said.source,
        about=said.about,
        score=said.score,
        texts=tuple(_text(each, where) for each in said.corpora),
        seeds=said.seeds,
        base=_flat(said.base, where, "base"),
        given=tuple(_flat(each, where, "trial") for each in said.trial),
        grid={key: _values(value, where, key) for key, value in _flat(said.grid, where, "grid").items()},
        draws={key: _draw(value, where, key) for key, value in _flat(random, where, "random").items()},
        draw_trials=_counted(trials, where, "random.trials"),
        draw_seed=_counted(seed, where, "random.seed"),
        halving=said.halving,
        published=tuple(_published(each, where) for each in said.published),
        overrides=_flat(given, "--set", ""),
        declared_in=where,
    )
    _refuse_contradictions(sweep)
    return sweep


def _flat(table: Table, where: str, section: str, under: str = "") -> dict[str, Any]:
    """Nested tables as dotted names, each known."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{under}.{key}" if under else key
        if dotted in _NAMES and isinstance(value, Mapping):
            flat |= _flat(value, where, section, dotted)
        elif under and key in _NAMES[under]:
            flat[dotted] = value
        else:
            known = sorted(_NAMES[under]) if under else ["train", "split"]
            shown = f"{section}.{dotted}" if section else dotted
            raise SpecError(f"{where}: unknown key {shown!r}", spec.nearest(key, known, "keys"))
    return flat


def _text(said: str | Table, where: str) -> Text:
    if isinstance(said, str):
        return Text(name=said, settings={})
    settings = {key: value for key, value in said.items() if key != "name"}
    if not isinstance(said.get("name"), str):
        raise SpecError(f"{where}: corpora: one of the tables has no name", 'write { name = "bible", … }')
    return Text(name=said["name"], settings=_flat(settings, where, "corpora"))


def _values(value: Any, where: str, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"{where}: grid.{key} is no list of values", f"write {key} = [64, 128]")
    return tuple(value)


def _draw(value: Any, where: str, key: str) -> Draw:
    if not isinstance(value, Mapping):
        raise SpecError(f"{where}: random.{key} is no draw", f"write {key} = {{ uniform = [0.0, 0.5] }}")
    return spec.options(Draw, value, where, f"random.{key}")


def _published(table: Table, where: str) -> Published:
    said = spec.options(Published, table, where, "published")
    return dataclasses.replace(said, settings=_flat(said.settings, where, "published.settings"))


def _counted(value: Any, where: str, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SpecError(f"{where}: {key} is no number of things", "give a whole number of 0 or more")
    return value


def _refuse_contradictions(sweep: Sweep) -> None:
    """Raise SpecError for a key that two sections vary, for draws without a number, and for a budget said twice."""
    where = sweep.declared_in
    sections = [("grid", set(sweep.grid)), ("random", set(sweep.draws)), ("trial", set().union(*sweep.given))]
    if sweep.seeds:
        sections.append(("seeds", {"train.seed"}))
    if sweep.halving:
        sections.append(("halving", _BUDGETS))
        if said := _BUDGETS & set(sweep.overrides):
            raise SpecError(f"{where}: --set {min(said)} has no say over [halving]", "change its budgets in the file")
    for place, (name, keys) in enumerate(sections):
        for other, others in sections[:place]:
            if keys & others:
                both = min(keys & others)
                raise SpecError(f"{where}: {both} is varied by both {other} and {name}", "leave it to one of them")
    if bool(sweep.draws) != bool(sweep.draw_trials):
        raise SpecError(f"{where}: [random] needs both trials and something to draw", "say how many: trials = 20")
