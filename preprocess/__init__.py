"""Saved bytes -> documents -> a version. Pure but for `publish`, which writes the store; it never fetches.

    recipe = preprocess.check(corpus)                           # the TOML's sections, or a SpecError before any work
    version, made = preprocess.build.build(corpus, snapshot, store)

It knows no network, no model and no report; `vocab` and `ids` alone are used by those who do.
"""

from preprocess.recipe import check

__all__ = ["check"]
