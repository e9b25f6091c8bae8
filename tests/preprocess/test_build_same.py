"""However it is built, a snapshot gives one version, and every file of it is accounted for."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusmill.store import Store, shards
from preprocess.build import build
from preprocess.parse import lines
from preprocess.partition import mill, units, workers
from tests.corpusmill.archives import PACKERS, tar, zipped
from tests.preprocess.snapshots import corpus, take
from tests.preprocess.test_build import BINARY, TEXT, documents, tree

PASSAGES = [f"Number {n} of a mill, é, that turns and turns. " * (n % 9 + 1) for n in range(120)]
FILES = {f"{n:03d}.txt": PASSAGES[n].encode() for n in range(60)}
MIXED = (
    {f"file:{name}": body for name, body in FILES.items()}
    | {"file:all.tar": tar(FILES | {"x.png": BINARY}), "file:all.zip": zipped({"new.txt": TEXT.encode()})}
    | {"file:cut.tar.gz": PACKERS["gzip"](tar(FILES))[:-20], "file:cut.gz": PACKERS["gzip"](b"never seen" * 99)[:-4]}
    | {"file:one.txt.xz": PACKERS["xz"]("\n\n".join(PASSAGES[60:]).encode()), "file:p.png": BINARY, "file:no.md": b"no"}
    | {"file:void.zip": zipped({}), "file:empty": b""}
)
SKIP = {"kind": "text", "skip": ["*.md"]}
NEAR = {"near": {"threshold": 0.8, "permutations": 32, "shingle": 2}}
WAYS = [  # processes, then SMALL, TARGET and MOST
    (0, 4 << 20, 4 << 20, 16 << 20),
    (0, 0, 1, 1),
    (0, 700, 300, 2000),
    (1, 5000, 9000, 20_000),
    (2, 0, 500, 5000),
    (3, 300, 1, 1 << 20),
]


def built(store, way, monkeypatch, bodies=MIXED, **sections):
    processes, units.SMALL, units.TARGET, units.MOST = way
    declared = corpus(**({"parse": SKIP, "clean": NEAR} | sections))
    return build(declared, take(store, "mill", bodies, gone=("file:gone",)), store, processes=processes)[0]


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    for name in ("SMALL", "TARGET", "MOST", "PIECE"):
        monkeypatch.setattr(units, name, getattr(units, name))
    monkeypatch.setattr(workers, "FEW_BYTES", 0)


def test_processes_and_the_sizes_of_units_change_nothing(tmp_path, monkeypatch):
    stores = [Store(tmp_path / str(n)) for n in range(len(WAYS))]
    versions = [built(store, way, monkeypatch) for store, way in zip(stores, WAYS, strict=True)]
    trees = [tree(store.root / "mill") for store in stores]
    assert all(found == trees[0] for found in trees)
    assert all(version == versions[0] for version in versions)
    drops = Counter(drop.reason.partition(":")[0] for drop in shards.read_drops(stores[0].version_folder(versions[0])))
    parsing = {"binary": 2, "truncated archive": 2, "gone": 1, "skipped": 1, "empty": 2}
    assert {reason: drops[reason] for reason in parsing} == parsing
    assert set(drops) - set(parsing) == {"same text", "near-duplicate"}
    assert "never seen" not in "".join(row.text for row in documents(stores[0], versions[0]))


_STORES = count()
KINDS = ["plain", "tar", "zip", "xz", "cut", "binary", "skipped", "gone", "empty"]


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), max_size=9), st.sampled_from(WAYS[:3]))
def test_nothing_is_lost_of_any_mix(tmp_path_factory, mix, way):
    store = Store(tmp_path_factory.getbasetemp() / f"mix{next(_STORES)}")
    bodies, gone, wanted, reasons = {"file:00": b"First of all.", "file:01": b"Then another."}, [], set(), Counter()
    wanted |= {body.decode() for body in bodies.values()}
    for n, (kind, number) in enumerate(mix):
        url, texts = f"file:{n}.{kind}", {f"{m}.txt": f"{kind} {n} {m} turns".encode() for m in range(number + 1)}
        first = texts["0.txt"]
        if kind in ("plain", "tar", "zip", "xz"):
            bodies[url] = {"plain": first, "tar": tar(texts), "zip": zipped(texts), "xz": PACKERS["xz"](first)}[kind]
            wanted |= {body.decode() for body in (texts.values() if kind in ("tar", "zip") else [first])}
            continue
        body = {"cut": PACKERS["gzip"](tar(texts))[:-9], "binary": BINARY, "skipped": first, "empty": b""}.get(kind)
        gone += [] if body is not None else [url]
        bodies |= {} if body is None else {url: body}
        reasons["truncated archive" if kind == "cut" else kind] += 1
    units.SMALL, units.TARGET, units.MOST = way[1:]
    declared = corpus(parse={"kind": "text", "skip": ["*.skipped"]})
    version, _ = build(declared, take(store, "mill", bodies, gone=tuple(gone)), store)
    rows = documents(store, version)
    assert {row.text for row in rows} == wanted
    assert len(rows) == len(wanted)
    assert version.drops == {f"parse: {reason}": number for reason, number in sorted(reasons.items())}
    assert version.parsed == len(rows) + sum(reasons.values())


# Files that are read in pieces

LIST = "".join(f"{name} of the mill {n}\n" for n, name in enumerate(["Ann", "Bob", "Zoë"] * 400)).encode()
PAIRS = b"".join(b"Mill %d turns.\tLe moulin %d tourne.\n" % (n // 2, n) for n in range(900))
PROSE = "\n\n".join(PASSAGES * 3).encode()
LONG = {
    "lines": ({"kind": "lines", "unit": "line"}, LIST),
    "paragraphs": ({"kind": "lines"}, PROSE),
    "pairs": ({"kind": "pairs"}, PAIRS),
}


@pytest.mark.parametrize("way", [(0, 1 << 20, 500, 9000), (2, 0, 500, 1 << 20)], ids=str)
@pytest.mark.parametrize("name", LONG)
def test_a_file_that_is_cut_gives_what_it_gives_as_a_whole(tmp_path, monkeypatch, name, way):
    parse, body = LONG[name]
    packed = {"file:list.txt": body}
    packed |= {f"file:{kind}.txt.{kind}": pack(body) for kind, pack in PACKERS.items() if way[0] == 0}
    packed |= {"file:in.zip": zipped({"a/list.txt": body, "b.txt": body[:999]}), "file:in.tar": tar({"c.txt": body})}
    found = []
    for n, piece in enumerate((1 << 20, len(body) // 3)):
        store = Store(tmp_path / str(n))
        units.PIECE = piece
        version = built(store, way, monkeypatch, packed, parse=parse, clean={"dedup": False})
        found.append((version.id, version.stats, [shard.sha256 for shard in version.shards]))
        rows = documents(store, version)
    assert found[0] == found[1]
    assert len(rows) > 6 * 100
    assert {row.meta["line"] for row in rows if row.source == "file:list.txt"} == {
        row.meta["line"] for row in rows if row.source == "file:in.tar!/c.txt"
    }


@pytest.mark.parametrize("way", [(0, 0, 1, 1), (0, 2000, 1, 1)], ids=str)
@pytest.mark.parametrize("pack", [lambda body: body, PACKERS["gzip"], lambda body: zipped({"x": body})])
def test_what_is_too_large_and_cannot_be_cut_is_left_out_whatever_way_it_comes(store, monkeypatch, way, pack):
    for module in (mill, lines):
        monkeypatch.setattr(module, "LARGEST", 4000)
    units.PIECE = 1000
    bodies = {"file:a": pack(b"no end of it " * 500), "file:b": LIST}
    version = built(store, way, monkeypatch, bodies, parse={"kind": "lines", "unit": "line"}, clean={})
    assert version.drops == {"parse: gone": 1, "parse: too large": 1}
    assert version.parsed == 1200 + 2
    (left_out,) = [d for d in shards.read_drops(store.version_folder(version)) if d.reason.startswith("too large")]
    assert left_out.source in ("file:a", "file:a!/x")


def test_a_kind_that_cannot_be_cut_is_read_up_to_its_largest(store, monkeypatch):
    monkeypatch.setattr(mill, "LARGEST", 3000)
    big = b'{"book": "Mills", "chapters": []}' * 200
    good = b"<html><body><article><p>Mill %d turns.</p></article></body></html>"
    bodies = {f"file:{n}": good % n for n in range(4)} | {"file:big": big, "file:big.zip": zipped({"big": big})}
    for small in (0, 1 << 20):
        declared = {"kind": "code"}
        version = built(Store(store.root / str(small)), (0, small, 1, 1), monkeypatch, bodies, parse=declared, clean={})
        assert version.drops == {"parse: gone": 1, "parse: too large": 2}


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize("pack", [PACKERS["xz"], lambda body: zipped({"x.txt": body})])
def test_what_is_small_while_it_is_packed_is_cut_as_well(store, monkeypatch, small, pack):
    for module in (mill, lines):
        monkeypatch.setattr(module, "LARGEST", 4000)
    units.PIECE = 1000
    bodies = {"file:a": pack(LIST)}
    version = built(store, (0, small, 1, 1), monkeypatch, bodies, parse={"kind": "lines", "unit": "line"}, clean={})
    assert (version.parsed, version.drops) == (1201, {"parse: gone": 1})
