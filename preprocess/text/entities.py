"""Entities of HTML in texts that are no HTML: ``&amp;`` in a tweet, ``&icirc;`` in a song, ``&#345;`` in a review.

Some writers escape what is escaped already, so ``&amp;lt;`` is ``<`` too. What stands for no character stays.
"""

import html
import re

_ENTITY = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)*(#?\w{1,32};)?", re.IGNORECASE)
_NUMBERED = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")


def resolved(text: str) -> str:
    """The text with every entity that ends in a semicolon resolved, however often its ampersand is escaped."""
    return _ENTITY.sub(lambda entity: _character(f"&{entity[1] or ''}"), text) if "&" in text else text


def numbered(text: str) -> str:
    """The text with the entities resolved that are numbers, which nobody writes but a machine."""
    return _NUMBERED.sub(lambda entity: _character(entity[0]), text) if "&#" in text else text


def _character(entity: str) -> str:
    plain = html.unescape(entity)
    return plain if plain and "\N{REPLACEMENT CHARACTER}" not in plain else entity
