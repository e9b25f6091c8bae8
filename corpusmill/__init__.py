"""The kernel: types, specs, errors, the HTTP client, the store and lineage. It imports nothing else of the project."""

__version__ = "0.1.0"
