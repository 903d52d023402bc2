"""How surprising is a word, in bits?

Minus the binary logarithm of its frequency in English, from wordfreq's tables (they come with its wheel).

>>> surprisal("the") < surprisal("table") < surprisal("palimpsest")
True
"""

from __future__ import annotations

import functools
import math

import wordfreq

FLOOR = 1e-9
"""Frequency of a word that the tables lack: one in a billion."""


@functools.lru_cache(maxsize=262_144)
def surprisal(word: str) -> float:
    """Give −log2 of the frequency of a word, whatever its case."""
    return -math.log2(max(FLOOR, wordfreq.word_frequency(word, "en")))


@functools.lru_cache(maxsize=262_144)
def zipf(word: str) -> float:
    """Give the frequency as log10 of occurrences in a billion words: 3 is one in a million, 0 is unknown."""
    return float(wordfreq.zipf_frequency(word, "en"))
