from dataclasses import replace

import pytest
import yaml

from preprocess.build import build
from preprocess.publish.card import card
from tests.preprocess.snapshots import corpus, take

TEXT = b"\n\n".join(b"Passage %d of a mill, long enough to stand alone." % n for n in range(40))


@pytest.fixture
def version(store):
    return build(corpus(), take(store, "mill", {"file:mill.txt": TEXT}), store)[0]


def front_matter(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_names_each_split_its_files_and_its_size(version):
    front = front_matter(card(version, ("file:mill.txt",)))
    assert front["configs"][0]["data_files"] == [
        {"split": split, "path": f"data/{split}-*.parquet"} for split in ("train", "validation", "test")
    ]
    assert sum(split["num_examples"] for split in front["dataset_info"]["splits"]) == version.parsed
    assert front["dataset_info"]["dataset_size"] == version.stats["total"]["bytes"]
    assert [feature["name"] for feature in front["dataset_info"]["features"]] == list(version.columns)


@pytest.mark.parametrize(
    ("licence", "front"),
    [
        ("CC0-1.0", {"license": "cc0-1.0"}),
        ("CC-BY-NC-SA-4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("GPL-3.0-only", {"license": "gpl-3.0"}),
        (
            "PSF-2.0",
            {
                "license": "other",
                "license_name": "PSF-2.0",
                "license_link": "https://spdx.org/licenses/PSF-2.0.html",
            },
        ),
        (
            "LicenseRef-public-domain",
            {"license": "other", "license_name": "LicenseRef-public-domain", "license_link": "README.md"},
        ),
    ],
)
def test_a_licence_the_hub_does_not_know_is_named(version, licence, front):
    found = front_matter(card(replace(version, licence=licence), ()))
    assert {key: value for key, value in found.items() if key.startswith("license")} == front


@pytest.mark.parametrize("title", ["A: title", "- list", '"quoted" \\', "{brace", "two\nlines", "# none", "no", "1e3"])
def test_any_title_is_one_yaml_string(version, title):
    assert front_matter(card(replace(version, title=title), ()))["pretty_name"] == title


@pytest.mark.parametrize(
    ("documents", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (5_000_000, "1M<n<10M"), (1_000_000_000, "n>1B")],
)
def test_the_size_is_one_of_the_hubs_classes(version, documents, category):
    stats = {**version.stats, "total": {**version.stats["total"], "documents": documents}}
    assert front_matter(card(replace(version, stats=stats), ()))["size_categories"] == [category]


def test_types_and_languages_are_called_as_the_hub_calls_them(version):
    front = front_matter(card(replace(version, columns={"id": "string", "alphabetic": "double"}, language="en-fr"), ()))
    assert [feature["dtype"] for feature in front["dataset_info"]["features"]] == ["string", "float64"]
    assert front["language"] == ["en", "fr"]


def test_the_words_say_what_was_left_out_and_where_it_came_from(version):
    words = card(
        replace(version, about="About.", drops={"dedup: same text": 3}, parsed=43), ("https://a/b", "https://a/c")
    )
    assert "3 of 43" in words
    assert "Personal data" not in words
    assert "\nPersonal data: Names are hidden." in card(replace(version, personal_data="Names are hidden."), ())
    assert "- dedup: same text: 3" in words
    assert "- `https://a/b`" in words
