import subprocess
import sys


def test_a_worker_whose_sweep_is_gone_ends_without_a_word():
    worker = [sys.executable, "-m", "model.sweep.worker"]
    pipe = subprocess.PIPE
    with subprocess.Popen(worker, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        _, said = process.communicate(b"no task\n", timeout=60)

    assert (process.returncode, said) == (0, b"")
