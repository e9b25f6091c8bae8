"""Store -> a static web site: catalogue, corpora, versions, runs, each with its lineage drawn.

    from reports import site

    made = site.write(store, Path("site"))        # opens from disk: made.site is the first page

It reads stored things and sets them out; it judges nothing that a report does not, and knows no network.
"""

from reports.site.write import Site, write

__all__ = ["Site", "write"]
