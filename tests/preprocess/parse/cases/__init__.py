"""What each kind of material is tried on: whole samples, the tokens of its format, and bodies that grow.

One module a kind, named as the parser is: OPTIONS, GOOD, PARTS and GROWING. `test_malformed` and `test_growth` walk
them.
"""

import pkgutil

KINDS = sorted(module.name for module in pkgutil.iter_modules(__path__))
