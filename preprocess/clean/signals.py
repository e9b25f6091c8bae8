"""Signals of quality: numbers about one text, in no language in particular, kept beside it as columns.

They say what a text is like and judge nothing; `preprocess.clean.rules` does, so that a limit can change without
parsing again. Most are those by which others choose what a language model reads; each names where it comes from:

* Gopher: Rae et al. 2021, "Scaling Language Models", appendix A1.1, tables A1 and A2, with the limits used there
* C4: Raffel et al. 2020, section 2.2; RedPajama: RedPajama-Data-v2, 2023, "quality signals"
* FineWeb: Penedo et al. 2024, section 3.6

A word is what stands between white space, a line what is not blank. Every signal is finite, rounded to six places, the
same on every machine, takes a time that grows with the text's length alone, and is 0 for a text that lacks what it
counts.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import zstandard

_PLACES = 6
_GRAM = 5  # words; the shortest whose repetition Gopher looks at
_LEVEL = 3  # of zstd, the one shards are written with
_BULLETS = ("•", "‣", "▪", "●", "◦", "*", "- ")  # Gopher's two, and what stands for them
_ENDS = tuple(".!?…。！？؟।") + tuple(f"{end}{quote}" for end in ".!?…" for quote in "\"'”’»)")
_SHORT = 30  # characters; FineWeb's short line
_ASCII = 128

Ids = npt.NDArray[np.int64]


class Seen:
    """A text and its parts, each taken apart once for all the signals that want it."""

    def __init__(self, text: str) -> None:
        """Nothing is taken apart yet."""
        self.text = text

    @cached_property
    def words(self) -> list[str]:
        """What stands between white space."""
        return self.text.split()

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are not blank, without white space around them."""
        return [stripped for line in self.text.split("\n") if (stripped := line.strip())]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How often each character occurs."""
        if not self.text.isascii():
            return Counter(self.text)
        found = np.bincount(np.frombuffer(self.text.encode(), np.uint8), minlength=_ASCII)
        return {chr(code): count for code, count in enumerate(found.tolist()) if count}

    @cached_property
    def word_lengths(self) -> Ids:
        """Characters of each word."""
        return np.fromiter(map(len, self.words), np.int64, len(self.words))

    @cached_property
    def word_ids(self) -> Ids:
        """Equal words, equal numbers."""
        numbers: dict[str, int] = {}
        return np.fromiter((numbers.setdefault(word, len(numbers)) for word in self.words), np.int64, len(self.words))


def measure(text: str, names: Sequence[str]) -> dict[str, float]:
    """The signals of these names, in this order. A name is one of SIGNALS."""
    seen = Seen(text)
    return {name: round(float(SIGNALS[name](seen)), _PLACES) for name in names}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _characters(seen: Seen, kind: Callable[[str], bool]) -> float:
    return _share(sum(count for character, count in seen.counts.items() if kind(character)), len(seen.text))


def _lines(seen: Seen, kind: Callable[[str], bool]) -> float:
    return _share(sum(map(kind, seen.lines)), len(seen.lines))


def words(seen: Seen) -> float:
    """How many words. Gopher: 50 to 100,000."""
    return len(seen.words)


def lines(seen: Seen) -> float:
    """How many lines that are not blank."""
    return len(seen.lines)


def mean_word_length(seen: Seen) -> float:
    """Characters a word. Gopher: 3 to 10."""
    return _share(int(seen.word_lengths.sum()), len(seen.words))


def distinct_words(seen: Seen) -> float:
    """Share of the words that differ from all before them. RedPajama: rps_doc_frac_unique_words."""
    return _share(len(set(seen.words)), len(seen.words))


def words_with_letters(seen: Seen) -> float:
    """Share of the words with a letter in them. Gopher: 0.8 or more."""
    return _share(sum(any(map(str.isalpha, word)) for word in seen.words), len(seen.words))


def alphabetic(seen: Seen) -> float:
    """Share of the characters that are letters."""
    return _characters(seen, str.isalpha)


def digits(seen: Seen) -> float:
    """Share of the characters that are digits."""
    return _characters(seen, str.isdigit)


def uppercase(seen: Seen) -> float:
    """Share of the characters that are capitals."""
    return _characters(seen, str.isupper)


def whitespace(seen: Seen) -> float:
    """Share of the characters that are white space."""
    return _characters(seen, str.isspace)


def symbols(seen: Seen) -> float:
    """Share of the characters that are no letters, digits or white space: signs, and what cannot be shown."""
    return _characters(seen, lambda character: not (character.isalnum() or character.isspace()))


def top_character(seen: Seen) -> float:
    """Share of the commonest character, white space aside."""
    found = {character: count for character, count in seen.counts.items() if not character.isspace()}
    return _share(max(found.values(), default=0), sum(found.values()))


def entropy(seen: Seen) -> float:
    """Bits a character, of characters for themselves. RedPajama has that of words: rps_doc_unigram_entropy."""
    total = len(seen.text)
    return abs(math.fsum(count / total * math.log2(total / count) for count in sorted(seen.counts.values())))


def compressed(seen: Seen) -> float:
    """Bytes under zstd by bytes of UTF-8: low where a text repeats itself, near 1 or above in noise and short texts."""
    body = seen.text.encode("utf-8", "surrogatepass")
    return _share(len(zstandard.ZstdCompressor(level=_LEVEL).compress(body)) if body else 0, len(body))


def longest_line(seen: Seen) -> float:
    """Characters of the longest line."""
    return max(map(len, seen.lines), default=0)


def short_lines(seen: Seen) -> float:
    """Share of the lines of 30 characters or less. FineWeb: at most 0.67."""
    return _lines(seen, lambda line: len(line) <= _SHORT)


def bullets(seen: Seen) -> float:
    """Share of the lines that begin with a bullet. Gopher: at most 0.9."""
    return _lines(seen, lambda line: line.startswith(_BULLETS))


def ellipses(seen: Seen) -> float:
    """Share of the lines that break off with an ellipsis. Gopher: at most 0.3."""
    return _lines(seen, lambda line: line.endswith(("…", "...")))


def ends_in_punctuation(seen: Seen) -> float:
    """Share of the lines that end as a sentence does. C4 keeps those alone; FineWeb: 0.12 or more."""
    return _lines(seen, lambda line: line.endswith(_ENDS))


def duplicate_lines(seen: Seen) -> float:
    """Share of the characters in lines that stood before. Gopher: at most 0.2."""
    first = sum(map(len, dict.fromkeys(seen.lines)))
    every = sum(map(len, seen.lines))
    return _share(every - first, every)


def duplicate_grams(seen: Seen) -> float:
    """Share of the words' characters in runs of five words that stood before. Gopher: at most 0.15."""
    starts = len(seen.words) - _GRAM + 1
    if starts <= 1:
        return 0.0
    pairs = _ranks(seen.word_ids[:-1], seen.word_ids[1:])
    fours = _ranks(pairs[:-2], pairs[2:])
    fives = _ranks(fours[:-1], seen.word_ids[4:])
    _, first, which = np.unique(fives, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(starts))
    covered = np.zeros(len(seen.words), np.bool_)
    for offset in range(_GRAM):
        covered[again + offset] = True
    return _share(int(seen.word_lengths[covered].sum()), int(seen.word_lengths.sum()))


def top_pair(seen: Seen) -> float:
    """Share of the words' characters in the commonest pair of words; 0 where each occurs once. Gopher: at most 0.2."""
    if len(seen.words) <= 1:
        return 0.0
    pairs = _ranks(seen.word_ids[:-1], seen.word_ids[1:])
    _, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    most, every = int(counts.max()), int(seen.word_lengths.sum())
    at = first[counts == most]
    length = int((seen.word_lengths[at] + seen.word_lengths[at + 1]).max())  # of several as common, the longest
    return _share(min(most * length, every), every) if most > 1 else 0.0


def _ranks(left: Ids, right: Ids) -> Ids:
    """Equal pairs, equal numbers, all below how many pairs there are: exact, so that no hash decides."""
    pairs = left * (int(right.max()) + 1) + right
    ranks: Ids = np.unique(pairs, return_inverse=True)[1]
    return ranks


SIGNALS: Mapping[str, Callable[[Seen], float]] = {
    "words": words,
    "lines": lines,
    "mean_word_length": mean_word_length,
    "distinct_words": distinct_words,
    "words_with_letters": words_with_letters,
    "alphabetic": alphabetic,
    "digits": digits,
    "uppercase": uppercase,
    "whitespace": whitespace,
    "symbols": symbols,
    "top_character": top_character,
    "entropy": entropy,
    "compressed": compressed,
    "longest_line": longest_line,
    "short_lines": short_lines,
    "bullets": bullets,
    "ellipses": ellipses,
    "ends_in_punctuation": ends_in_punctuation,
    "duplicate_lines": duplicate_lines,
    "duplicate_grams": duplicate_grams,
    "top_pair": top_pair,
}
