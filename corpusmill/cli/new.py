"""`corpusmill new`: a corpus file and its golden pair, written by looking at the material."""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from corpusmill import spec
from corpusmill.cli.console import emit
from corpusmill.cli.settings import JsonOption, PrivateOption, network, without_secrets
from corpusmill.errors import UsageError
from corpusmill.store.ids import is_name, slug
from corpusmill.target import OWN_LICENCE
from corpusmill.types import Corpus

_UNSTATED = "Nobody has stated a licence; find out before you share anything made of it."


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: corpusmill new sonnets --from https://host/sonnets.txt --licence CC0-1.0")(new)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the corpus will be called.")],
    source: Annotated[str, typer.Option("--from", help="A file, a folder or an address: file, archive, index page.")],
    title: Annotated[str, typer.Option(help="Its title (default: the name).")] = "",
    licence: Annotated[str, typer.Option(help="SPDX id or LicenseRef-….")] = OWN_LICENCE,
    into: Annotated[
        Path | None, typer.Option(help="Folder to write below (default: this checkout, else the current folder).")
    ] = None,
    allow_private: PrivateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look at material and write datasets/NAME.toml and tests/golden/NAME/ for it, to be read and mended."""
    root = into or _checkout() or Path.cwd()
    declared, pair = root / "datasets" / f"{name}.toml", root / "tests" / "golden" / name
    _refuse(name, declared, pair)
    table, raw = _looked_at(without_secrets(source), title or name, licence, network(allow_private=allow_private))
    corpus = spec.corpus_from(dict(table), str(declared))
    expected, documents = _expected(corpus, raw)
    _write(declared, spec.write(table).encode())
    for file, body in raw.items():
        _write(pair / "raw" / f"{file}.raw", body)
    _write(pair / "expected.json", expected)
    kind = table["parse"]["kind"]
    value = {"corpus": name, "file": str(declared), "golden": str(pair), "kind": kind, "documents": documents}
    emit(value, _said(declared, pair, table, documents), as_json=as_json)


def _checkout() -> Path | None:
    """The project's folder, when this is a checkout and not an installed package."""
    folder = spec.datasets_folder().parent
    return folder if (folder / "tests" / "golden").is_dir() else None


def _refuse(name: str, declared: Path, pair: Path) -> None:
    if not is_name(name):
        raise UsageError(f"a corpus cannot be named {name!r}", f"say, {slug(name)}")
    for path in (declared, pair):
        if path.exists():
            raise UsageError(f"{path} is there already", "choose another name, or remove it")
    if name in spec.names():
        raise UsageError(f"{name} is in the catalogue already", "choose another name")


def _looked_at(source: str, title: str, licence: str, over: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The keys of a corpus file for some material, and the raw half of a golden pair."""
    from collectors.propose import propose
    from corpusmill.http import Client, Network
    from corpusmill.secrets import Secrets
    from preprocess import propose as recipes

    client = Client(Network(**over), secrets=Secrets.of(os.environ))
    found = propose(source, client.get)
    samples = [(sample.name, sample.body) for sample in found.samples]
    recipe = recipes.propose(samples)
    parse = {**recipe.parse, **({"members": [found.members]} if found.members else {})}
    if found.skip:
        parse["skip"] = [f"*{url.partition('://')[2]}" for url in found.skip]
    table = {
        "title": title,
        "about": f"What {source} holds.",
        "licence": licence,
        "licence_note": _UNSTATED if licence == OWN_LICENCE else "As its user stated it.",
        "personal_data": "Not looked for yet: read some documents before you share anything made of it.",
        "size": "not measured",
        "language": "und",
        "source": found.source,
        "parse": parse,
        "clean": recipe.clean,
        "train": recipe.train,
    }
    return table, recipes.golden(recipe.parse, samples)


def _expected(corpus: Corpus, raw: dict[str, bytes]) -> tuple[bytes, int]:
    """What the golden test will compare with, and how many documents that is."""
    import collectors
    from preprocess.golden import made_of

    collectors.check(corpus)
    with tempfile.TemporaryDirectory() as folder:
        return made_of(corpus, raw, Path(folder))


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _said(declared: Path, pair: Path, table: dict[str, Any], documents: int) -> str:
    kind, transport = table["parse"]["kind"], table["source"]["transport"]
    lines = [
        f"{declared}  (transport {transport}, kind {kind})",
        f"{pair}  ({documents} documents)",
        "Read both, state the licence, and then:",
        f"  corpusmill run {declared.stem if _checkout() == declared.parent.parent else declared}",
    ]
    return "\n".join(lines)
