"""Which ``[source]`` fits an address or a path, found by looking at what is there. It knows nothing of parsing.

    proposal = propose("https://host/essays/", client.get)

One request, and a few more for samples: an archive, a page that is an index of others, a JSON list of names, paged
JSON, or simply a file.
"""

import codecs
import io
import mimetypes
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec
import requests

from collectors import address, links
from corpusmill import archive
from corpusmill.errors import CollectError, CorpusmillError
from corpusmill.http import Fetched

SAMPLES = 3
LINKS = 8  # pages beside each other that make an index of the page that names them
_FEW = 200  # members of an archive that are looked at
_TEXT = 1 << 20  # bytes of a sample at most

Get = Callable[[str], Fetched]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file as parsing will see it."""

    name: str
    body: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A ``[source]`` table, and some of what it gives."""

    source: dict[str, Any]
    samples: tuple[Sample, ...]
    members: str = ""  # pattern of the files in an archive or folder that are worth reading; empty = there is but one
    skip: tuple[str, ...] = ()  # addresses that are no material: the index itself


def propose(target: str, get: Get) -> Proposal:
    """Look at a path or an address. Raises CollectError, with its kinds."""
    if urlsplit(target).scheme not in ("http", "https"):
        return _local(Path(target).expanduser().resolve())
    fetched = get(target)
    if fetched.record.status != requests.codes.ok:
        raise CollectError(f"{target} answered {fetched.record.status}", "check the address")
    body, media_type = fetched.read(), fetched.record.media_type
    if archive.kind_of(body[: archive.HEAD]):
        return _packed({"transport": "archive", "urls": [target]}, target, body)
    if links.is_html(media_type, body):
        return _page(target, fetched.record.final_url, body, media_type, get)
    return _names(target, body, get) or _paged(target, body) or _file(target, body, media_type)


def _file(target: str, body: bytes, media_type: str) -> Proposal:
    return Proposal({"transport": "files", "urls": [target]}, (Sample(_name(target), body, media_type),))


def _packed(source: dict[str, Any], target: str, body: bytes) -> Proposal:
    found = list(islice(archive.members(io.BytesIO(body), wanted=lambda name: not _hidden(name)), _FEW))
    pattern, chosen = _commonest([(name, text) for name, text in found if text])
    samples = tuple(Sample(name or _name(target), text) for name, text in chosen)
    return Proposal(source, samples, pattern if len(found) > 1 else "")


def _page(target: str, final: str, body: bytes, media_type: str, get: Get) -> Proposal:
    """An index when many of a page's links lead to pages beside it, else a page."""
    folder = address.canonical(urljoin(final, "."))
    beside = [link for link in links.find(body, final).links if link.startswith(folder) and link != target]
    suffix = Counter(PurePosixPath(urlsplit(link).path).suffix for link in beside).most_common(1)
    beside = [link for link in beside if PurePosixPath(urlsplit(link).path).suffix == suffix[0][0]]
    if len(beside) < LINKS:
        return _file(target, body, media_type)
    samples = tuple(islice(_fetched(beside[len(beside) // 2 :], get), SAMPLES))
    source = {"transport": "crawl", "start": [target], "include": [f"{folder}*{suffix[0][0]}"], "depth": 1}
    return Proposal(source, samples, skip=(target,))


def _names(target: str, body: bytes, get: Get) -> Proposal | None:
    """A JSON list of strings that name files beside it."""
    try:
        names = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=list[str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not names:
        return None
    ending = PurePosixPath(urlsplit(target).path).suffix
    probes = sorted(names, key=lambda name: " " not in name)[:SAMPLES]  # a name with a space tells what becomes of it
    for suffix in dict.fromkeys(("" if PurePosixPath(names[0]).suffix else ending, ".json", ".txt", "")):
        for remove in ("", " "):
            item = f"{urljoin(target, '.')}{{name}}{suffix}"
            urls = [item.replace("{name}", quote("".join(c for c in name if c not in remove))) for name in probes]
            samples = tuple(_fetched(urls, get))
            if len(samples) == len(probes):
                index = {"url": target, "item": item, **({"remove": remove} if remove else {})}
                return Proposal({"transport": "files", "index": index}, samples, skip=(target,))
    return None


def _paged(target: str, body: bytes) -> Proposal | None:
    """A JSON object with a list in it and the address of the next page."""
    try:
        page = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    lists = [key for key, value in page.items() if isinstance(value, list)]
    following = [key for key, value in page.items() if isinstance(value, str) and key.lower().startswith("next")]
    if not lists or not following:
        return None
    source = {"transport": "api", "url": target, "items": lists[0], "next": {"path": following[0]}}
    return Proposal(source, (Sample(_name(target), body, "application/json"),))


def _local(path: Path) -> Proposal:
    if not path.exists():
        raise CollectError(f"{path} does not exist", "check the path")
    source: dict[str, Any] = {"transport": "local", "path": str(path)}
    if path.is_file():
        body = path.read_bytes()
        if archive.kind_of(body[: archive.HEAD]):
            return _packed(source, path.name, body)
        return Proposal(source, (Sample(path.name, body, mimetypes.guess_type(path.name)[0] or ""),))
    files = [p for p in sorted(path.rglob("*")) if p.is_file() and not _hidden(str(p.relative_to(path)))]
    pattern, chosen = _commonest([(p.name, p.read_bytes()[:_TEXT]) for p in files[:_FEW] if p.stat().st_size])
    source["include"] = [pattern]
    return Proposal(source, tuple(Sample(name, body, mimetypes.guess_type(name)[0] or "") for name, body in chosen))


def _commonest(found: list[tuple[str, bytes]]) -> tuple[str, list[tuple[str, bytes]]]:
    """The suffix that most bytes have, as a pattern, and a few files that have it, short ones first."""
    if not found:
        raise CollectError("there is no file in it", "name another")
    sizes = Counter[str]()
    for name, body in found:
        sizes[PurePosixPath(name).suffix] += len(body)
    suffix = sizes.most_common(1)[0][0]
    chosen = sorted((pair for pair in found if PurePosixPath(pair[0]).suffix == suffix), key=lambda pair: len(pair[1]))
    middle = max(0, min(len(chosen) // 2, len(chosen) - SAMPLES))
    return f"*{suffix}", chosen[middle : middle + SAMPLES]


def _fetched(urls: list[str], get: Get) -> Iterator[Sample]:
    """Those of the addresses that answer."""
    for url in urls:
        try:
            fetched = get(url)
        except CorpusmillError:
            continue
        if fetched.record.status == requests.codes.ok:
            yield Sample(_name(url), fetched.read(), fetched.record.media_type)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def _name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name or "index"
