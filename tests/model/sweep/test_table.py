"""Which losses stand in one table."""

from dataclasses import replace

import msgspec

from model.options import TrainOptions
from model.sweep.result import Row, split_name
from model.sweep.table import groups
from tests.corpusmill.samples import version


def row(run="a", nats=1.5, **fields):
    config = {name: value for name, value in msgspec.to_builtins(TrainOptions()).items() if name != "samples"}
    given = {
        "corpus": "sea",
        "version": "sea@v1",
        "version_id": "v" * 12,
        "split": "document 0.9/0.05/0.05",
        "config": config | fields.pop("config", {}),
        "run": f"sea/runs/{run}",
        "status": "made",
        "characters": 1000,
        "reset": 32,
        "nats_per_char": nats,
        "bits_per_byte": nats and nats / 0.6931,
        "parameters": 1234,
        "cpu_seconds": 2.5,
    }
    return Row(**given | fields)


def failed(run, **fields):
    return row(run, None, **{"characters": 0, "reset": 0, "status": "failed", "error": "it diverged", **fields})


def test_rows_are_sorted_by_score_and_show_only_what_differs():
    sizes = [{"hidden": size} for size in (8, 64, 16)]
    rows = [row("a", 1.6, config=sizes[0]), failed("b", config=sizes[1]), row("c", 1.4, config=sizes[2])]
    (group,) = groups(rows, "nats_per_char")
    assert group.header == ["hidden", "nats/char", "bits/byte", "parameters", "CPU s", "run"]
    assert [cells[0] for cells in group.cells] == ["16", "8", "64"]
    assert group.cells[0] == ["16", "1.4000", "2.0199", "1,234", "2.5", "sea/runs/c"]
    assert group.cells[2][1:] == ["-", "-", "-", "-", "failed: it diverged"]


def test_a_row_says_what_was_published_only_where_something_was():
    (group,) = groups([row("a", 1.6, published=1.88), row("b", 1.4)], "nats_per_char")
    assert group.header[2] == "published"
    assert [cells[2] for cells in group.cells] == ["", "1.8800"]


def test_losses_on_another_ground_are_another_table_that_says_what_is_otherwise():
    rows = [
        row("a"),
        row("b", split="legacy:nanogpt", version_id="w" * 12),
        row("c", reset=64),
        row("d", characters=500),
        row("e", config={"separator": "\n"}),
    ]
    found = groups(rows, "nats_per_char")
    assert [group.rows for group in found] == [(each,) for each in rows]
    otherwise = [found[0].ground.otherwise(group.ground) for group in found[1:]]
    assert otherwise == [["split", "version"], ["reset"], ["characters"], ["separator"]]
    assert str(found[1].ground).startswith("sea@v1, split legacy:nanogpt: validation, the first 1,000 characters")


def test_what_failed_stands_with_what_it_would_have_been_compared_with():
    rows = [failed("a"), row("b", version_id="w" * 12), row("c")]
    assert [[each.run for each in group.rows] for group in groups(rows, "nats_per_char")] == [
        ["sea/runs/c", "sea/runs/a"],
        ["sea/runs/b"],
    ]
    (alone,) = groups([failed("a")], "nats_per_char")
    assert str(alone.ground).endswith("never scored")


def test_seeds_have_a_mean_and_a_deviation_and_failures_are_counted():
    scores = [(8, 1.0), (8, 2.0), (4, 3.0)]
    rows = [row(str(n), nats, config={"hidden": h, "seed": n}) for n, (h, nats) in enumerate(scores)]
    rows.append(failed("x", config={"hidden": 4, "seed": 9}))
    (group,) = groups(rows, "nats_per_char")
    best, other = group.means
    assert (best.settings, best.seeds, best.failed, best.mean) == ({"hidden": 8}, 2, 0, 1.5)
    assert round(best.deviation, 4) == 0.7071
    assert (other.settings, other.seeds, other.failed, other.mean, other.deviation) == ({"hidden": 4}, 1, 1, 3.0, 0.0)
    assert groups(rows[:1], "nats_per_char")[0].means == ()


def test_the_score_that_is_asked_for_decides():
    rows = [row("a", 1.0, bits_per_byte=3.0), row("b", 2.0, bits_per_byte=1.0)]
    assert [each.run[-1] for each in groups(rows, "bits_per_byte")[0].rows] == ["b", "a"]


def test_a_split_is_named_by_scheme_and_shares():
    split = {"scheme": "document", "fractions": [0.8, 0.1, 0.1]}
    assert split_name(replace(version(), spec={"split": split})) == "document 0.8/0.1/0.1"
    assert split_name(replace(version(), spec={"split": split | {"scheme": "legacy:nanogpt"}})) == "legacy:nanogpt"
    assert split_name(replace(version(), spec={})) == "of its own"
    assert split_name(None).startswith("unknown")
