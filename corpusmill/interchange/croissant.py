"""A version as Croissant 1.1, which dataset search engines and loaders read, with its provenance as W3C PROV-O.

    body = croissant.encode(version, snapshot)    # lies beside the shards as croissant.json

It is made of the two manifests alone and holds nothing else: no date but those of the fetches, no path of the machine.
The specification is at https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, PROV-O at
https://www.w3.org/TR/prov-o/.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from corpusmill import __version__
from corpusmill.store.ids import pretty
from corpusmill.types import SPLITS, RawFile, Snapshot, Version

FILE = "croissant.json"
NAMED = 100  # fetches that are named one by one; of more, their hosts with a count
PARQUET = "application/x-parquet"  # as the format's own loader calls it; registered is application/vnd.apache.parquet
PROGRAM = "urn:corpusmill"

# What the specification's appendix 1 recommends, and PROV-O.
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "unArchive": "cr:unArchive",
    "value": "cr:value",
}
_TYPES = {"string": "sc:Text", "int64": "cr:Int64", "double": "cr:Float64", "bool": "sc:Boolean"}
_ABOUT = {
    "id": "Digest of source and position, stable across versions.",
    "text": "The document, cleaned.",
    "source": "Where it was read from; of an archive's member, the archive's address, !/ and the member's name.",
    "raw_sha256": "SHA-256 of the file it was read from.",
    "title": "Its title, where there is one.",
    "author": "Its author, where known.",
    "date": "Its date, where known.",
    "licence": "Its licence, as an SPDX identifier.",
    "meta": "What else is known of it, as JSON.",
}
_SPLIT_TERMS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
_CARDINALITY = "http://www.wikidata.org/entity/Q4049983"
SPDX = re.compile(r"(?!LicenseRef-)[A-Za-z0-9][A-Za-z0-9.+-]*")  # one licence that SPDX lists, not an expression


def encode(version: Version, snapshot: Snapshot) -> bytes:
    """The file: JSON with sorted keys. The same manifests give the same bytes."""
    return pretty(describe(version, snapshot))


def describe(version: Version, snapshot: Snapshot) -> dict[str, Any]:
    """The same as a value. `snapshot` is the one that the version was made of."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "@id": f"{PROGRAM}:{version.ref}",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": version.corpus,
        "alternateName": version.title,
        "description": " ".join(filter(None, (version.about or version.title, version.personal_data))),
        "identifier": version.id,
        "version": f"{version.number}.0.0",
        "url": _url(snapshot),
        "citeAs": f"{version.title}. corpusmill {version.ref}, id {version.id}, of snapshot {snapshot.id}.",
        "inLanguage": version.language,
        "license": _licence(version),
        "creator": _creator(),
        "datePublished": snapshot.collected_at[:10],
        **({"dateModified": version.removals[-1].at[:10]} if version.removals else {}),
        "isLiveDataset": False,
        **_provenance(version, snapshot),
        "distribution": [*_files(version), _file_set()],
        "recordSet": [_splits(version), _documents(version)],
    }


def _url(snapshot: Snapshot) -> str:
    """A page about it is nobody's to promise: where it came from, if that is on the web."""
    web = (file.url for file in snapshot.files if urlsplit(file.url).scheme in ("http", "https"))
    return min(web, default=f"{PROGRAM}:{snapshot.corpus}")


def _licence(version: Version) -> str | dict[str, str]:
    """An SPDX licence's address; a licence that SPDX does not list, in words."""
    if SPDX.fullmatch(version.licence):
        return f"https://spdx.org/licenses/{version.licence}"
    return {"@type": "sc:CreativeWork", "name": version.licence, "description": version.licence_note}


def _creator() -> dict[str, str]:
    """Who put the data set together; who wrote its texts is in the column `author`."""
    return {"@type": "sc:Organization", "name": f"corpusmill {__version__}", "description": "a program"}


def _provenance(version: Version, snapshot: Snapshot) -> dict[str, Any]:
    """PROV-O: derived from a snapshot, and that from its fetches; generated by the build; attributed to the program."""
    taken = f"{PROGRAM}:{snapshot.corpus}/snapshots/{snapshot.id}"
    collecting = {
        "@type": "prov:Activity",
        "prov:label": "collect",
        "prov:endedAtTime": _moment(snapshot.collected_at),
        "prov:used": list(_sources(snapshot)),
    }
    parent = [{"@id": f"{PROGRAM}:{version.corpus}/versions/{version.parent}"}] if version.parent else []
    return {
        "prov:wasDerivedFrom": [{"@id": taken, "@type": "prov:Entity", "prov:wasGeneratedBy": collecting}],
        **({"prov:wasRevisionOf": parent} if parent else {}),
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": "build",
            "prov:used": [{"@id": taken}],
            "identifier": version.build_key,
            "softwareVersion": version.code_digest,
            "softwareRequirements": [f"{name} {number}" for name, number in sorted(version.libraries.items())],
        },
        "prov:wasAttributedTo": {"@id": PROGRAM, "@type": "prov:SoftwareAgent", "prov:label": "corpusmill"},
    }


def _sources(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Each fetch that gave something; or each host, where there are very many."""
    files = sorted((file for file in snapshot.files if file.bytes), key=lambda file: (file.url, file.sha256))
    if len(files) <= NAMED:
        yield from map(_fetch, files)
        return
    hosts = Counter((parts.scheme, parts.netloc) for parts in (urlsplit(file.url) for file in files))
    for (scheme, host), count in sorted(hosts.items()):
        yield {"@id": f"{scheme}://{host}/", "@type": "prov:Entity", "prov:label": f"{count:,} files"}


def _fetch(file: RawFile) -> dict[str, Any]:
    return {
        "@id": quote(file.url, safe="!#$%&'()*+,/:;=?@[]~"),
        "@type": "prov:Entity",
        "sha256": file.sha256,
        "contentSize": f"{file.bytes} B",
        **({"prov:generatedAtTime": _moment(file.fetched_at)} if file.fetched_at else {}),
        **({"license": file.licence} if file.licence else {}),
    }


def _moment(text: str) -> dict[str, str]:
    return {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": text}


def _files(version: Version) -> Iterator[dict[str, Any]]:
    for shard in version.shards:
        yield {
            "@type": "cr:FileObject",
            "@id": shard.path,
            "name": shard.path.rpartition("/")[2],
            "description": f"{shard.rows:,} documents of {shard.split}",
            "contentUrl": shard.path,
            "contentSize": f"{shard.bytes} B",
            "encodingFormat": PARQUET,
            "sha256": shard.sha256,
        }


def _file_set() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": "shards",
        "name": "shards",
        "description": "All shards.",
        "encodingFormat": PARQUET,
        "includes": "data/*.parquet",
    }


def _splits(version: Version) -> dict[str, Any]:
    kind = {"@type": "cr:Field", "dataType": "sc:Text"}
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "What is for training, validation and test.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {**kind, "@id": "splits/name", "name": "name", "description": "As file names have it."},
            {**kind, "@id": "splits/url", "name": "url", "description": "Its meaning.", "dataType": "sc:URL"},
        ],
        "data": [
            {"splits/name": split, "splits/url": _SPLIT_TERMS[split]}
            for split in SPLITS
            if any(shard.split == split for shard in version.shards)
        ],
    }


def _documents(version: Version) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "documents",
        "name": "documents",
        "description": f"{version.title}: a record a document.",
        "key": {"@id": "documents/id"},
        "field": [*(_column(name, kind) for name, kind in sorted(version.columns.items())), _split_of_each()],
        "annotation": list(_statistics(version)),
    }


def _column(name: str, kind: str) -> dict[str, Any]:
    field = {
        "@type": "cr:Field",
        "@id": f"documents/{name}",
        "name": name,
        "description": _ABOUT.get(name, "A signal, or a column that the corpus declares."),
        "dataType": _TYPES.get(kind, "sc:Text"),
        "source": {"fileSet": {"@id": "shards"}, "extract": {"column": name}},
    }
    return field | ({"equivalentProperty": "prov:wasDerivedFrom"} if name == "source" else {})


def _split_of_each() -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": "documents/split",
        "name": "split",
        "description": "Which split it is in, by the name of its shard.",
        "dataType": "sc:Text",
        "references": {"field": {"@id": "splits/name"}},
        "source": {
            "fileSet": {"@id": "shards"},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": "^(train|validation|test)(?:-.*)?$"},
        },
    }


def _statistics(version: Version) -> Iterator[dict[str, Any]]:
    """Documents, characters and bytes of each split and of all, as annotations, and the size of the vocabulary."""
    sizes = {**version.stats.get("splits", {}), "total": version.stats.get("total", {})}
    for split, size in sorted(sizes.items()):
        for what, count in sorted(size.items()):
            yield _count(f"{split}/{what}", f"{what} of {split}", count)
    for split, vocabulary in sorted(version.stats.get("vocabulary", {}).items()):
        yield _count(f"{split}/vocabulary", f"different characters of {split}", len(vocabulary))


def _count(name: str, what: str, count: int) -> dict[str, Any]:
    identity = f"documents/statistics/{name}"
    return {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity,
        "description": f"Number of {what}.",
        "dataType": _CARDINALITY,
        "value": count,
    }
