r"""Words <-> ids: words, numbers, and every other character, punctuation marks and white space, as a token of its own.

    words = Words.build("It's 1812, again.", min_count=1)
    words.tokens("It's 1812.")                  # ["It's", " ", "1812", "."]

So decoding gives back the very text, where word models usually lower its case and lose its spaces (Udacity's TV scripts
replace marks by ``||Period||`` and the like, then split at white space). A word is letters, with apostrophes inside; a
number is digits. What is rarer than `min_count` is unknown, and costs 8 bits for each of its UTF-8 bytes on top of the
model's price for "unknown", as an unknown character does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from preprocess.vocab.tokens import REPLACEMENT, UNKNOWN, Decoder, Ids, Unit

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|.", re.DOTALL)
_PART = 1 << 18  # characters cut into tokens at a time: bounds the strings held
_OPEN = 2  # tokens at the end of a part that more text may change: a word, and an apostrophe behind it


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens a model knows, sorted by code points; ids are their places, counted from 1."""

    words: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    unit: ClassVar[Unit] = "word"

    def __post_init__(self) -> None:
        """Make the table. Raises ValueError unless the words are sorted and distinct."""
        if any(one >= other for one, other in pairwise(self.words)):
            raise ValueError("a vocabulary's words are sorted by code points, each once")
        object.__setattr__(self, "_ids", {word: place for place, word in enumerate(self.words, UNKNOWN + 1)})

    @classmethod
    def build(cls, text: str, min_count: int = 1) -> "Words":
        """The tokens that occur at least `min_count` times in a text."""
        return cls.of(counted([text]), min_count)

    @classmethod
    def of(cls, counts: Mapping[str, int], min_count: int = 1) -> "Words":
        """The tokens that were counted at least `min_count` times."""
        return cls(tuple(sorted(word for word, count in counts.items() if count >= max(min_count, 1))))

    @classmethod
    def from_json(cls, body: bytes) -> "Words":
        """What `to_json` wrote. Raises msgspec.DecodeError, ValueError, KeyError."""
        return cls(msgspec.convert(msgspec.json.decode(body, type=dict[str, object])["words"], tuple[str, ...]))

    def to_json(self) -> bytes:
        """``{"unit": "word", "words": [...]}``, for a file beside the weights."""
        return msgspec.json.encode({"unit": self.unit, "words": self.words}) + b"\n"

    def __len__(self) -> int:
        return len(self.words) + 1

    def ids(self, tokens: Sequence[str]) -> Ids:
        """Tokens -> ids, shape [len(tokens)]."""
        found = map(self._ids.get, tokens, repeat(UNKNOWN))
        return np.fromiter(found, np.min_scalar_type(len(self.words)), len(tokens))

    def encode(self, text: str) -> Ids:
        """Text -> ids, shape [tokens]."""
        return np.concatenate([self.ids([]), *map(self.ids, _parts(text))])

    def encode_all(self, texts: Sequence[str], separator: str) -> tuple[Ids, list[int]]:
        """Texts with a separator between -> ids, and how many of them each text has. No word goes beyond its text."""
        between, each = self.encode(separator), [self.encode(text) for text in texts]
        joined = [ids for text in each for ids in (between, text)][1:]
        return np.concatenate([self.ids([]), *joined]), list(map(len, each))

    def decode(self, ids: Ids) -> str:
        """Ids -> text; unknown ones become U+FFFD. Raises IndexError for an id beyond the vocabulary."""
        return "".join([self.words[known - 1] if known != UNKNOWN else REPLACEMENT for known in ids.tolist()])

    def decoder(self) -> Decoder:
        """One that owes nothing to what came before."""
        return lambda ids, final=False: self.decode(ids)  # noqa: ARG005 - no token is ever half there

    def starts(self, text: str) -> NDArray[np.int64]:
        """For each token the place of its first character."""
        lengths = np.array([len(token) for tokens in _parts(text) for token in tokens], np.int64)
        return np.cumsum(lengths) - lengths

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, known or not."""
        return [token for tokens in _parts(text) for token in tokens]

    def names(self) -> list[str]:
        """What each id stands for."""
        return [REPLACEMENT, *self.words]

    def unknown_bytes(self, text: str) -> NDArray[np.int64]:
        """For each token its number of UTF-8 bytes if it is unknown, else 0; shape [tokens]."""
        known = self._ids
        said = (0 if t in known else len(t.encode("utf-8", "surrogatepass")) for part in _parts(text) for t in part)
        return np.fromiter(said, np.int64)

    def unseen(self, text: str) -> Sequence[str]:
        """The distinct tokens of a text that the vocabulary lacks, in order of appearance."""
        return [word for word in dict.fromkeys(self.tokens(text)) if word not in self._ids]


def counted(texts: Iterable[str]) -> Counter[str]:
    """How often each token occurs in texts, of which one is held at a time."""
    found = Counter[str]()
    for text in texts:
        for part in _parts(text):
            found.update(part)
    return found


def _parts(text: str) -> Iterator[list[str]]:
    """The tokens of a text, many at a time."""
    start, size = 0, _PART
    while start < len(text):
        found = _TOKEN.findall(text, start, start + size)
        if start + size < len(text):
            found, size = found[:-_OPEN], (_PART if len(found) > _OPEN else 2 * size)
        start += sum(map(len, found))
        yield found
