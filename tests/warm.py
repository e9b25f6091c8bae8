"""What commands take a second or two to import, for `tests.commands`; settings as the command line makes them."""

import importlib
import os

MODULES = (
    "corpusmill.cli",
    "model.train",
    "preprocess.build",
    "pyarrow.parquet",
    "pytest",  # the caller's main program, which `multiprocessing` imports in each process
    "reports.page",
    "torch",
)
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
for module in MODULES:
    importlib.import_module(module)
