"""The loss curve of a run as a picture on its own: an SVG file that needs no page around it.

    svg = loss(run, store)      # '<svg xmlns="http://www.w3.org/2000/svg" …'

It is the drawing of the report with the rules of its style sheet that drawings use.
"""

import re

from corpusmill.store import Store
from corpusmill.types import Run
from reports.chart import WIDE
from reports.material import gather
from reports.page import TEMPLATES
from reports.sections.training import training

_NAMESPACE = "http://www.w3.org/2000/svg"
_RULE = re.compile(r"^svg [^{]*\{[^}]*\}", re.MULTILINE)
_COLOURS = re.compile(r"^:root \{.*?^\}", re.MULTILINE | re.DOTALL)
_BOX = f"-14 -10 {WIDE.width + 28:g} {WIDE.height + 20:g}"  # a margin, which a page would give it
_PAPER = '<rect x="-14" y="-10" width="100%" height="100%" style="fill: var(--paper)" />'


def loss(run: Run, store: Store) -> str:
    """Training and validation loss. Raises UnknownNameError for a run whose version is gone, CorruptError."""
    drawn = str(training(gather(run, store, novel=False)).wide)
    head, _, rest = drawn.partition(">")
    head = re.sub('viewBox="[^"]*"', f'xmlns="{_NAMESPACE}" viewBox="{_BOX}"', head)
    return f"{head}><style>{_style()}</style>{_PAPER}{rest}"


def _style() -> str:
    """The light colours, since a page that shows the picture may be light in a dark system, and the drawings' rules."""
    sheet = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    colours = _COLOURS.search(sheet)
    assert colours, "the style sheet begins with its colours"
    rules = "\n".join(_RULE.findall(sheet))
    return f"{colours[0].replace('light dark', 'light')}\nsvg {{ font-family: var(--sans); }}\n{rules}"
