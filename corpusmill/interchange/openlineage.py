"""Runs of stages as OpenLineage events, which catalogues of data lineage collect.

    act = Act.begun("bible.build")
    event("START", act, inputs=[dataset(snapshot)])
    event("COMPLETE", act, inputs=[dataset(snapshot)], outputs=[dataset(version)])

An event names corpora, ids, hosts and counts, never an address, a document or a path of the machine; only what an error
says may. Events are plain values (https://openlineage.io/spec/2-0-2/OpenLineage.json), since importing OpenLineage's
client takes longer than some stages do; its classes read them in the tests.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from corpusmill import __version__
from corpusmill.types import Run, Snapshot, Version

Kind = Literal["START", "COMPLETE", "FAIL", "ABORT"]
Facets = dict[str, Any]
NAMESPACE = "corpusmill"
PRODUCER = "urn:corpusmill"
_SPEC = "https://openlineage.io/spec"
_SCHEMAS = {  # of each facet: the version of its schema, and its name there
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "parent": "1-2-0/ParentRunFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "tags_dataset": "1-0-0/TagsDatasetFacet",
    "tags_job": "1-0-0/TagsJobFacet",
    "tags_run": "1-0-0/TagsRunFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}


@dataclass(frozen=True, slots=True)
class Act:
    """One run of one job, of START as of what ends it; `parent` is the run of a whole pipeline it belongs to."""

    id: str  # UUID
    job: str  # corpus, dot, stage
    parent: "Act | None" = None

    @classmethod
    def begun(cls, job: str, parent: "Act | None" = None) -> "Act":
        """A run that begins now."""
        return cls(str(uuid.uuid4()), job, parent)


def event(
    kind: Kind,
    act: Act,
    *,
    inputs: Iterable[dict[str, Any]] = (),
    outputs: Sequence[dict[str, Any]] = (),
    unchanged: bool | None = None,
    error: str = "",
    code: str = "",
) -> dict[str, Any]:
    """One event, at this moment.

    `unchanged` says whether what came of it had been there, `code` is the digest of the source it was made by.
    """
    engine = {"name": "corpusmill", "version": __version__, "openlineageAdapterVersion": __version__}
    about: Facets = {"processing_engine": _facet("processing_engine", **engine)}
    if act.parent:
        of = {"run": {"runId": act.parent.id}, "job": {"namespace": NAMESPACE, "name": act.parent.job}}
        about["parent"] = _facet("parent", **of)
    if error:
        about["errorMessage"] = _facet("errorMessage", message=error, programmingLanguage="python")
    if unchanged is not None:
        about["tags"] = _tags("run", result="unchanged" if unchanged else "made")
    job: Facets = {
        "jobType": _facet("jobType", processingType="BATCH", integration="CORPUSMILL", jobType="TASK"),
        **({"tags": _tags("job", code_digest=code)} if code else {}),
    }
    return {
        "eventType": kind,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "run": {"runId": act.id, "facets": about},
        "job": {"namespace": NAMESPACE, "name": act.job, "facets": job},
        "inputs": [_only(each, "outputFacets") for each in inputs],
        "outputs": [_only(each, "inputFacets") for each in outputs],
        "producer": PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def dataset(thing: Snapshot | Version | Run) -> dict[str, Any]:
    """A thing of the store as a data set: what it is called over time, which version this is, how much it holds."""
    if isinstance(thing, Snapshot):
        return _snapshot(thing)
    return _version(thing) if isinstance(thing, Version) else _run(thing)


def report(run: Run) -> dict[str, Any]:
    """The report of a run."""
    return _dataset(f"{run.corpus}/reports", {"version": _facet("version", datasetVersion=run.id)}, {"fileCount": 1})


def baselines(version: Version) -> dict[str, Any]:
    """What simpler models reach on a version."""
    facets = {"version": _facet("version", datasetVersion=version.id)}
    return _dataset(f"{version.corpus}/baselines", facets, {"fileCount": 1})


def sources(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """What a snapshot was collected from, a data set a host."""
    hosts: dict[str, list[int]] = defaultdict(list)
    for file in snapshot.files:
        parts = urlsplit(file.url)
        hosts[f"{parts.scheme}://{parts.hostname}" if parts.hostname else parts.scheme or "file"].append(file.bytes)
    for host, sizes in sorted(hosts.items()):
        yield _dataset("/", {}, {"fileCount": len(sizes), "size": sum(sizes)}, host)


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    counts = {"fileCount": len(snapshot.files), "size": sum(file.bytes for file in snapshot.files)}
    facets = {"version": _facet("version", datasetVersion=snapshot.id)}
    return _dataset(f"{snapshot.corpus}/snapshots", facets, counts)


def _version(version: Version) -> dict[str, Any]:
    counts = {
        "rowCount": sum(shard.rows for shard in version.shards),
        "size": sum(shard.bytes for shard in version.shards),
        "fileCount": len(version.shards),
    }
    fields = [{"name": name, "type": kind} for name, kind in sorted(version.columns.items())]
    facets = {
        "version": _facet("version", datasetVersion=version.id),
        "schema": _facet("schema", fields=fields),
        "tags": _tags("dataset", licence=version.licence, ref=version.ref),
    }
    return _dataset(f"{version.corpus}/versions", facets, counts)


def _run(run: Run) -> dict[str, Any]:
    told = {name: f"{value:g}" for name, value in run.best.items()} | {"learnt_from": run.version_ref}
    told |= {"started_from": run.parent} if run.parent else {}
    facets = {"version": _facet("version", datasetVersion=run.id), "tags": _tags("dataset", **told)}
    return _dataset(f"{run.corpus}/runs", facets, {"fileCount": len(run.digests)})


def _dataset(name: str, facets: Facets, counts: Mapping[str, int], namespace: str = NAMESPACE) -> dict[str, Any]:
    """Its counts as an input and as an output; `event` keeps what fits."""
    return {
        "namespace": namespace,
        "name": name,
        "facets": facets,
        "inputFacets": {"inputStatistics": _facet("inputStatistics", **counts)},
        "outputFacets": {"outputStatistics": _facet("outputStatistics", **counts)},
    }


def _only(given: dict[str, Any], other: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != other}


def _tags(of: str, /, **tags: str) -> Facets:
    return _facet(f"tags_{of}", tags=[{"key": key, "value": v, "source": "corpusmill"} for key, v in tags.items()])


def _facet(name: str, /, **given: Any) -> Facets:
    schema = _SCHEMAS[name]
    defined = schema.partition("/")[2]
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{schema}.json#/$defs/{defined}", **given}
