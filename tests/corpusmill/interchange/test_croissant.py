"""croissant.json is a function of the two manifests, and says where every shard and every source came from."""

import json
from dataclasses import replace

import pytest

from corpusmill.interchange import croissant
from corpusmill.types import Removal
from preprocess.build import build
from tests.corpusmill import samples
from tests.corpusmill.interchange.versions import published
from tests.preprocess.snapshots import corpus, take


@pytest.fixture
def mill(store):
    return published(store)


def test_a_published_version_has_it_and_it_is_made_of_what_is_stored(store):
    text = b"\n\n".join(b"Passage %d of a mill, long enough to stand alone." % n for n in range(40))
    snapshot = take(store, "mill", {"file:mill.txt": text})
    version, _ = build(corpus(clean={"signals": ["alphabetic"]}), snapshot, store)

    stored = (store.version_folder(version) / croissant.FILE).read_bytes()

    assert stored == croissant.encode(store.versions("mill")[0], snapshot)
    assert b"documents/alphabetic" in stored


def test_every_shard_has_its_digest_and_every_column_a_field(mill):
    told = croissant.describe(mill.version, mill.snapshot)

    files = {file["contentUrl"]: file["sha256"] for file in told["distribution"] if file["@type"] == "cr:FileObject"}
    assert files == {shard.path: shard.sha256 for shard in mill.version.shards}
    fields = {field["name"]: field["dataType"] for field in told["recordSet"][1]["field"]}
    assert fields.keys() == {*mill.version.columns, "split"}
    assert (fields["text"], fields["alphabetic"], fields["label"], fields["good"]) == (
        *("sc:Text", "cr:Float64", "cr:Int64", "sc:Boolean"),
    )
    values = {each["name"]: each["value"] for each in told["recordSet"][1]["annotation"]}
    assert values["documents/statistics/train/documents"] == 6
    assert values["documents/statistics/total/vocabulary"] == 2


def test_its_provenance_leads_from_the_version_to_each_fetch(mill):
    told = croissant.describe(mill.version, mill.snapshot)

    (taken,) = told["prov:wasDerivedFrom"]
    used = taken["prov:wasGeneratedBy"]["prov:used"]
    assert taken["@id"] == "urn:corpusmill:mill/snapshots/aaa111aaa111"
    assert [source["@id"] for source in used] == ["file:b", "https://host/a%20b.txt?x=1"]
    assert used[0]["prov:generatedAtTime"]["@value"] == "2024-05-01T10:00:00+00:00"
    assert told["prov:wasGeneratedBy"]["softwareVersion"] == mill.version.code_digest
    assert told["prov:wasGeneratedBy"]["softwareRequirements"] == ["pyarrow 22.0.0"]
    assert told["prov:wasAttributedTo"]["@type"] == "prov:SoftwareAgent"


def test_of_very_many_fetches_the_hosts_are_named(mill):
    files = tuple(samples.raw(f"https://{host}/{n}") for host in ("a", "b") for n in range(croissant.NAMED))
    told = croissant.describe(mill.version, replace(mill.snapshot, files=files))

    used = told["prov:wasDerivedFrom"][0]["prov:wasGeneratedBy"]["prov:used"]
    assert [(source["@id"], source["prov:label"]) for source in used] == [
        *(("https://a/", "100 files"), ("https://b/", "100 files")),
    ]


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("CC-BY-SA-3.0", "https://spdx.org/licenses/CC-BY-SA-3.0"),
        ("GPL-3.0-only", "https://spdx.org/licenses/GPL-3.0-only"),
        ("LicenseRef-Twitter", {"@type": "sc:CreativeWork", "name": "LicenseRef-Twitter", "description": "note"}),
        ("MIT AND X11", {"@type": "sc:CreativeWork", "name": "MIT AND X11", "description": "note"}),
    ],
)
def test_a_licence_is_spdxs_address_or_told_in_words(mill, licence, told):
    version = replace(mill.version, licence=licence, licence_note="note")
    assert croissant.describe(version, mill.snapshot)["license"] == told


def test_what_was_removed_later_dates_it(mill):
    removal = Removal(at="2026-02-03T04:05:06+00:00", reason="asked", documents=1, hashes=(), content="c" * 12)
    told = croissant.describe(replace(mill.version, removals=(removal,)), mill.snapshot)
    assert (told["datePublished"], told["dateModified"]) == ("2024-05-01", "2026-02-03")


def test_any_text_stays_json(mill):
    version = replace(mill.version, title='"\n</script>\u2028', about="\\", number=3, parent="bbb000000002")
    told = json.loads(croissant.encode(version, mill.snapshot))
    assert (told["alternateName"], told["description"], told["version"]) == ('"\n</script>\u2028', "\\", "3.0.0")
    assert told["prov:wasRevisionOf"] == [{"@id": "urn:corpusmill:mill/versions/bbb000000002"}]
