"""The kernel, and what `import corpusmill` gives: `load`, `versions`, `runs` and `corpora`, told in docs/python.md.

The kernel imports nothing else of the project. The names are looked up when they are first asked for, so importing the
package loads neither torch nor pyarrow.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpusmill.api import corpora, load, runs, versions

__all__ = ["__version__", "corpora", "load", "runs", "versions"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """A public name, imported now."""
    if name not in __all__:
        raise AttributeError(f"module 'corpusmill' has no attribute {name!r}")
    from corpusmill import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
