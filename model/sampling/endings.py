"""Stop strings: a text ends before the first of them that it would hold, however it comes in pieces.

"First" is the one that is whole first; of several that are whole at once, the longest. They are looked for in what is
written, not in what it goes on from.
"""

from collections.abc import Iterable, Iterator


def until(pieces: Iterable[str], stops: tuple[str, ...]) -> Iterator[str]:
    """The pieces of a text up to a stop string; what may turn out to be the beginning of one is held back."""
    held = ""
    for piece in pieces:
        held += piece
        if (end := ending(held, stops)) is not None:
            yield held[:end]
            return
        known = len(held) - _begun(held, stops)
        if known:
            yield held[:known]
            held = held[known:]
    if held:
        yield held


def ending(text: str, stops: tuple[str, ...]) -> int | None:
    """Where a text ends because of a stop string; None = nowhere."""
    found = [(place + len(stop), place) for stop in stops if (place := text.find(stop)) >= 0]
    return min(found)[1] if found else None


def _begun(text: str, stops: tuple[str, ...]) -> int:
    """How many characters at the end of a text are the beginning of a stop string, at most."""
    return max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
