"""JSON as its grammar and its authors meant it: what Python's reader lets pass in silence is a ParseError here.

Refused: a key given twice (the last would win), NaN and Infinity (no JSON), half a surrogate pair (no text), nesting
deeper than Python can follow. It knows no schema; `msgspec.convert` gives the values their types.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from corpusmill.errors import ParseError
from preprocess.decode import decode

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HINT = "look at the file: was it fetched whole, and is it what the corpus declares?"


def loads(body: bytes) -> Any:
    """The value of a JSON document in UTF-8. Raises ParseError."""
    text = decode(body, "utf-8").text
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ParseError("not JSON: nested too deeply", _HINT) from error
    except UnicodeEncodeError as error:
        raise ParseError("not JSON: half a surrogate pair in a string", _HINT) from error
    except ValueError as error:
        raise ParseError(f"not JSON: {error}", _HINT) from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ParseError(f"not JSON: key {twice!r} twice in one object", _HINT)
    return value


def _constant(name: str) -> NoReturn:
    raise ParseError(f"not JSON: {name} is no number", _HINT)
