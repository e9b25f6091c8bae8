"""The markdown that Prefect shows."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusmill.store import Store, refs
from corpusmill.store.ids import is_name
from flows import cards


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True).filter(is_name))
def test_a_key_is_one_that_prefect_allows(corpus):
    assert re.fullmatch("[a-z0-9-]+", cards.key(corpus, "report"))


def test_a_corpus_card_has_sizes_drops_and_lineage_but_no_front_matter(plain):
    job, outcome = plain
    store = Store(Path(job.store))

    card = cards.corpus(refs.version(store, outcome.version), store)

    assert card.startswith("# verses.txt\n")
    assert "| train |" in card
    assert "Left out" in card
    _, _, drawn = card.partition("\n## Lineage\n\n")
    assert re.fullmatch(rf"```mermaid\nflowchart LR\n.*{re.escape(outcome.snapshot)}.*\n```", drawn, re.DOTALL)


def test_a_title_cannot_bring_markup_into_a_card(copied, plain):
    store = Store(Path(copied.store))
    version = refs.version(store, plain[1].version)
    readme = store.version_folder(version) / "README.md"
    readme.write_text("---\nfront: matter\n---\n\n# <script>alert(1)</script>\n", encoding="utf-8")

    assert cards.corpus(version, store).startswith("# &lt;script>alert(1)&lt;/script>\n")


def test_a_report_card_has_the_loss_the_sample_and_the_path(plain):
    job, outcome = plain
    store = Store(Path(job.store))
    run = refs.run(store, outcome.run)

    card = cards.report(run, store, outcome.report)

    assert f"| **{run.best['bits_per_byte']:.4f}** | {run.best['nats_per_char']:.4f} |" in card
    assert f"`{outcome.report}`" in card
    sample = re.search(r"\n```\n(.*)\n```$", card, re.DOTALL)
    assert sample
    assert len(sample[1]) == 20


@pytest.mark.parametrize(("text", "fence"), [("plain", "```"), ("a ``` b", "````"), ("`" * 9, "`" * 10), ("", "```")])
def test_no_text_ends_its_block(text, fence):
    assert cards.fenced(text) == f"{fence}\n{text}\n{fence}"
