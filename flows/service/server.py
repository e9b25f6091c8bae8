"""``prefect server start``, its garbage collected aside: ``python -m flows.service.server``."""

import runpy
import sys

from flows.service import garbage

if __name__ == "__main__":
    garbage.collect_aside()
    sys.argv = ["prefect", "server", "start"]
    runpy.run_module("prefect", run_name="__main__")
