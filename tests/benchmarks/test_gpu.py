import re

from tests.benchmarks.test_benchmarks import run


def test_on_the_processor_it_is_seen_to_run():
    found = run("gpu", "--smoke")

    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("on the processor, to see that it runs\n")
    assert (
        len(re.findall(r"^ +[12]x8 +(?:bfloat16|float32) +(?:yes|no) +[\d,]+ +[\d.]+$", found.stdout, re.MULTILINE))
        == 8
    )
    assert re.search(r"^ +8 +[\d,]+ +\d+\.\d\d$", found.stdout, re.MULTILINE)
    assert "the 72 models of 2015 are" in found.stdout


def test_without_a_gpu_it_says_so_in_a_line_and_invents_nothing():
    found = run("gpu", CUDA_VISIBLE_DEVICES="")

    assert (found.returncode, found.stderr) == (0, "")
    assert re.fullmatch(r"no NVIDIA GPU here: nothing is measured \(.*\)\n", found.stdout)
