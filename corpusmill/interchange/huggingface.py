"""A version as a folder for the Hugging Face Hub: `datasets.load_dataset(folder)` and an upload take it as it lies.

The upload is ``hf upload NAME/bible FOLDER --repo-type dataset``, by huggingface_hub.
"""

from pathlib import Path

from corpusmill.interchange import folder
from corpusmill.interchange.folder import Exported
from corpusmill.store import Store
from corpusmill.types import Progress, Version, silent


def write(store: Store, version: Version, target: Path, progress: Progress = silent) -> Exported:
    """The version's own layout, which is the Hub's. Raises UsageError, StoreError, CorruptError."""
    with folder.filled(target) as work:
        folder.copy_all(version, store, work, progress)
    return folder.written(target, "hf", version)
