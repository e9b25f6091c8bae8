import re

from tests.benchmarks.test_benchmarks import run


def test_each_baseline_is_told_with_what_it_cost(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("Now is the winter of our discontent\nMade glorious summer by this sun of York\n" * 40)

    found = run("baselines", "--text", str(text), "--orders", "2", "5", "--megabytes", "0.02")

    assert found.returncode == 0, found.stderr
    assert re.search(r"^text\.txt: 2,772 characters learnt from, 308 scored$", found.stdout, re.MULTILINE)
    assert re.search(r"^Python's library: 10,000 characters learnt from, 10,000 scored$", found.stdout, re.MULTILINE)
    for name in ("Kneser-Ney, order 2", "Kneser-Ney, order 5", "zstd -19 --long", "xz -9", "PPMd-H order 8"):
        rows = re.findall(rf"^  {name} +(\d+\.\d{{4}}) +\d+\.\d{{4}} +\d+\.\d\d$", found.stdout, re.MULTILINE)
        assert len(rows) == 2, name
    assert len(re.findall(r"^  unsmoothed +foresees 4: \d+\.\d %, ", found.stdout, re.MULTILINE)) == 2
    assert re.search(r"peak of memory \d+ MB$", found.stdout.strip())
