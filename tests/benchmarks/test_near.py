import re

from benchmarks import near
from tests.corpusmill.archives import PACKERS, tar


def test_signatures_clusters_and_the_curve_are_printed(tmp_path, capsys):
    (tmp_path / "mill.tar.xz").write_bytes(PACKERS["xz"](tar()))

    near.main(["--file", str(tmp_path / "mill.tar.xz"), "--every", "1", "--pairs", "20", "--rows", "400"])

    told = capsys.readouterr().out
    assert re.search(r"^mill\.tar\.xz: \d+ texts, ", told)
    assert re.search(r"^signatures +\d+\.\d\d CPU s ", told, re.MULTILINE)
    assert re.search(r"^0\.500 0\.[45]\d\d 0\.132 0\.000\n", told, re.MULTILINE)
    assert re.search(r"^1\.000 1\.000 1\.000 1\.000\na bucket of 400 rows: ", told, re.MULTILINE)
