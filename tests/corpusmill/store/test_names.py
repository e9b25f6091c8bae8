"""Names from outside never become paths: refused before anything is asked of a disk or a bucket."""

import itertools
import random
import unicodedata

import pytest

from corpusmill.errors import UnknownNameError
from corpusmill.store import Store, refs
from corpusmill.store.ids import is_name
from tests.corpusmill.store.buckets import Untouchable

COUNT = 2000
PIECES = (
    *(
        "..",
        ".",
        "/",
        "\\",
        "\0",
        "\n",
        "\r",
        "\t",
        " ",
        ":",
        "*",
        "?",
        '"',
        "<",
        ">",
        "|",
        "%2e%2e",
        "%00",
        "~",
        "$HOME",
    ),
    *("é", "e\u0301", "ﬁ", "İ", "ı", "ß", "Ⅷ", "１", "\u202e", "\u200b", "\ufeff", "\ud800", "𝐛", "聖書", "A", "BIBLE"),
    *("-", "--help", "-rf", "`id`", "$(id)", "'", ";", "&", "con", "nul", "aux.txt", "com1", "lpt9.tar.gz", "refs"),
)


def hostile() -> list[str]:
    """That many names, none of which may be a corpus: those that have broken others, then some of their parts."""
    known = [
        *("", ".", "..", "../bible", "bible/../..", "/etc/passwd", "bible\0", "CON", "con.txt", "bible.", "a" * 64),
        *("-bible", "_bible", ".bible", "bible ", "bible\n", "s3://bucket", "C:\\bible", "\\\\host\\share", "com9.x"),
        *("blobs", "commits", "lineage", "locks", "objects", "tags", "a" * 300),
        *(unicodedata.normalize(form, "évangile") for form in ("NFC", "NFD")),
        *itertools.chain(PIECES, (f"bible{piece}" for piece in PIECES)),
    ]
    chosen = random.Random(5)
    found = dict.fromkeys(name for name in known if not is_name(name))
    while len(found) < COUNT:
        name = "".join(chosen.choices((*PIECES, "bible", "a", "1"), k=chosen.randint(1, 6)))
        if not is_name(name):
            found[name] = None
    return list(found)


NAMES = hostile()


@pytest.mark.parametrize("kind", ["disk", "bucket"])
def test_two_thousand_hostile_names_are_refused_before_any_io(kind, tmp_path, monkeypatch):
    root = tmp_path / "store"
    store = Store(root, Untouchable() if kind == "bucket" else None)
    asks = (
        store.versions,
        store.runs,
        store.snapshots,
        store.latest_version,
        store.latest_snapshot,
        lambda name: store.set_latest(name, "latest", "v000001"),
        lambda name: store.pointers(name, "tags"),
        lambda name: store.lock(name, "build", "building").__enter__(),
        lambda name: store.run_folder(name, "ccc111ccc111"),
        lambda name: store.snapshot_folder(name, "aaa111aaa111"),
    )
    assert len(NAMES) == COUNT
    for name in NAMES:
        for ask in asks:
            with pytest.raises(UnknownNameError, match="is not a corpus name"):
                ask(name)
    assert not root.exists()


def test_a_ref_with_such_a_name_is_none(tmp_path):
    store = Store(tmp_path / "store")
    for name in NAMES[:200]:
        for ref in (f"{name}@v1", f"{name}/runs/abc"):
            with pytest.raises(UnknownNameError):
                refs.resolve(store, ref)


def test_names_that_differ_by_case_or_by_normal_form_alone_are_not_both_names():
    for one, other in (("bible", "BIBLE"), ("évangile", unicodedata.normalize("NFD", "évangile")), ("fi", "ﬁ")):
        assert not (is_name(one) and is_name(other))
