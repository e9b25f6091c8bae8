"""Run -> one self-contained HTML file: what a corpus is, where it came from, how the model learnt and what it writes.

    report, made = reports.write(run, store)            # runs/<id>/report.html in the store
    report, made = reports.write(run, store, output=Path("bible.html"))
    svg = reports.loss(run, store)                      # the loss curve alone

It reads stored things and judges them in words; it trains nothing and knows no network, neither kind of it.
"""

from reports.page import write
from reports.picture import loss

__all__ = ["loss", "write"]
