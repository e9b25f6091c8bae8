import json
import os
import subprocess
import sys
from pathlib import Path

BUILD = """
import json, random, sys
from pathlib import Path
from corpusmill.store import Store
from preprocess.build import build
from tests.peak import peak
from tests.preprocess.snapshots import corpus, take

chance, store = random.Random(1), Store(Path(sys.argv[1]))
words = [f"mill{n:x} " for n in range(5000)]
page = "".join(chance.choices(words, k=160_000))
bodies = {f"file:{n:03d}.c": f"{n} {page[n:]}{n} ".encode() for n in range(int(sys.argv[2]))}
snapshot = take(store, "mill", bodies)
size = sum(map(len, bodies.values()))
del bodies
version, _ = build(corpus(parse={"kind": "code"}), snapshot, store, processes=0)
print(json.dumps([size, version.stats["total"]["bytes"], peak()]))
"""


def test_memory_does_not_grow_with_the_corpus(tmp_path):
    found = []
    for count in (16, 160):
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(tmp_path / str(count)), str(count)],
            cwd=Path(__file__).parents[2],
            env=os.environ,
            capture_output=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    (_, _, small), (size, total, large) = found
    assert total > 0.99 * size > 180e6
    assert large < 420 << 20
    assert large - small < size
