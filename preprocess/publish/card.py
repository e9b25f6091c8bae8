"""A version's README.md: a dataset card as the Hugging Face Hub reads it, YAML in front, words behind.

It is made of what the version was made of, so it holds no date and no path of the machine.
"""

import re
from collections.abc import Iterator

import msgspec

from corpusmill.interchange.croissant import SPDX
from corpusmill.types import SPLITS, Version

# Of the Hub's licence identifiers those that are SPDX ids too; any other licence is "other" and named.
_HUB_LICENCE = re.compile(
    r"apache-2\.0|bsd-[23]-clause|cc0-1\.0|cc-by(-nc)?(-sa)?-[34]\.0|l?gpl-3\.0|gpl-2\.0|mit|mpl-2\.0|unlicense"
)
_ADDRESSES = 5  # shown; the snapshot has them all
_DTYPES = {"double": "float64"}  # what the Hub's library calls Arrow's types, where it has a name of its own
_SIZES = [  # the Hub's classes: fewer documents than this, and what they are called
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
]


def card(version: Version, addresses: tuple[str, ...]) -> str:
    """The text of README.md; `addresses` is where its files came from."""
    return "\n".join(["---", *_front_matter(version), "---", "", *_words(version, addresses), ""])


def _front_matter(version: Version) -> Iterator[str]:
    yield f"pretty_name: {_yaml(version.title)}"
    yield f"language: {_yaml(version.language.split('-'))}"
    yield from _licence(version)
    yield f"size_categories: {_yaml([_size_category(version)])}"
    yield f"task_categories: {_yaml(['text-generation'])}"
    yield f"tags: {_yaml(['corpusmill', version.corpus, 'character-level'])}"
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files:"
    for split in _splits(version):
        yield f"  - split: {split}"
        yield f"    path: data/{split}-*.parquet"
    yield "dataset_info:"
    yield "  features:"
    for name, kind in version.columns.items():
        yield f"  - name: {name}"
        yield f"    dtype: {_DTYPES.get(kind, kind)}"
    yield from _sizes(version)


def _licence(version: Version) -> Iterator[str]:
    """The Hub's own name for it; for any other its SPDX name, and where it is told: SPDX, or this card."""
    known = version.licence.lower().removesuffix("-only")
    if _HUB_LICENCE.fullmatch(known):
        yield f"license: {known}"
        return
    listed = SPDX.fullmatch(version.licence)
    yield "license: other"
    yield f"license_name: {_yaml(version.licence)}"
    yield f"license_link: {f'https://spdx.org/licenses/{version.licence}.html' if listed else 'README.md'}"


def _size_category(version: Version) -> str:
    documents = version.stats["total"]["documents"]
    return next((name for limit, name in _SIZES if documents < limit), "n>1B")


def _sizes(version: Version) -> Iterator[str]:
    yield "  splits:"
    for split in _splits(version):
        size = version.stats["splits"][split]
        yield f"  - name: {split}"
        yield f"    num_bytes: {size['bytes']}"
        yield f"    num_examples: {size['documents']}"
    yield f"  download_size: {sum(shard.bytes for shard in version.shards)}"
    yield f"  dataset_size: {version.stats['total']['bytes']}"


def _words(version: Version, addresses: tuple[str, ...]) -> Iterator[str]:
    yield from (f"# {version.title}", "")
    if version.about:
        yield from (version.about, "")
    yield f"Version {version.number} of `{version.corpus}`, id `{version.id}`, made of snapshot `{version.snapshot}`."
    yield f"Licence: {version.licence}. {version.licence_note}".rstrip()
    if version.personal_data:
        yield ""
        yield f"Personal data: {version.personal_data}"
    yield from ("", "| split | documents | characters | bytes |", "|---|---:|---:|---:|")
    sizes = version.stats["splits"]
    for name, size in [*((split, sizes[split]) for split in _splits(version)), ("total", version.stats["total"])]:
        yield f"| {name} | {size['documents']:,} | {size['characters']:,} | {size['bytes']:,} |"
    yield from (
        "",
        f"Left out, with its reason in `drops/drops.parquet`: {sum(version.drops.values()):,} of {version.parsed:,}.",
        "",
    )
    yield from (f"- {reason}: {count:,}" for reason, count in sorted(version.drops.items()))
    yield from ("", f"Collected from {len(addresses):,} addresses, among them:", "")
    yield from (f"- `{address}`" for address in addresses[:_ADDRESSES])


def _splits(version: Version) -> list[str]:
    return [split for split in SPLITS if split in version.stats["splits"]]


def _yaml(value: str | list[str]) -> str:
    """JSON is YAML."""
    return msgspec.json.encode(value).decode()
