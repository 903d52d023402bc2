"""How surprising is a word, in bits?

Minus the binary logarithm of its frequency in English, from wordfreq's tables (they come with its wheel).

>>> surprisal("the") < surprisal("table") < surprisal("palimpsest")
True
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import TYPE_CHECKING

import wordfreq

from provenance.language import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

VOCABULARY = 500_000
FLOOR = 1e-9
"""Frequency of a word that the tables lack: one in a billion."""


@functools.lru_cache(maxsize=262_144)
def surprisal(word: str) -> float:
    """Give −log2 of the frequency of a word, whatever its case."""
    return -math.log2(max(FLOOR, wordfreq.word_frequency(word, "en")))


def counted(counts: Mapping[str, int]) -> Callable[[str], float]:
    """Give the surprisal of words in a corpus with these counts; a word that it lacks counts as half a word."""
    total = sum(counts.values()) or 1
    return lambda word: -math.log2((counts.get(word.casefold(), 0) or 0.5) / total)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words of a corpus, whatever their case, in memory that grows with its vocabulary up to a limit.

    Beyond `VOCABULARY` words those seen least are forgotten: they are rare enough to be surprising all the same.
    """
    counts = Counter[str]()
    for text in texts:
        counts.update(word.text.casefold() for word in words.find(text))
        if len(counts) > 2 * VOCABULARY:
            counts = Counter(dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:VOCABULARY]))
    return counts


@functools.lru_cache(maxsize=262_144)
def zipf(word: str) -> float:
    """Give the frequency as log10 of occurrences in a billion words: 3 is one in a million, 0 is unknown."""
    return float(wordfreq.zipf_frequency(word, "en"))
