"""How well do texts that a model drew agree with the one that is asked about?

Each measure is the logarithm of a smoothed share, in nats: an estimate of a log-likelihood that needs nothing but text.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Measure = Literal["prefix", "ngrams", "exact"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
MAX_NGRAM = 4
"""Longest runs of words that are compared."""
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]")
"""A word, a letter of a script without spaces, or a sign."""


def log_share(draws: Sequence[str], wording: str) -> float:
    """Say how often draws begin with a wording, as whole words.

    Examples
    --------
    >>> round(math.exp(log_share([" big dog", " bigger dog", "Big dog", " big"], " big")), 3)
    0.5
    """
    wanted = _words(wording)
    return _smoothed(sum(_words(draw)[: len(wanted)] == wanted for draw in draws), len(draws))


def log_choice(draws: Sequence[str], wording: str, options: Sequence[str]) -> float:
    """Say how often a wording was drawn by who was held to a few; what is none of them counts for all alike.

    Examples
    --------
    >>> round(math.exp(log_choice([" big", "big", " large"], " big", [" big", " large"])), 3)
    0.625
    """
    found = sum(draw.strip() == wording.strip() for draw in draws)
    return math.log((found + 0.5) / (len(draws) + 0.5 * len(options)))


def measure(draws: Sequence[str], text: str, *, by: Measure) -> float:
    """Say how much of a text the draws have: its first words, its runs of up to four words, or words in their place."""
    wanted = _words(text)
    counted: Callable[[list[str]], tuple[float, float]] = {"prefix": _prefix, "ngrams": _ngrams, "exact": _exact}[by](
        wanted
    )
    pairs = [counted(_words(draw)[: len(wanted)]) for draw in draws]
    return _smoothed(sum(found for found, _ in pairs), sum(of for _, of in pairs))


def _smoothed(found: float, of: float) -> float:
    return math.log((found + 0.5) / (of + 1))


def _words(text: str) -> list[str]:
    return WORD.findall(text)


def _prefix(wanted: list[str]) -> Callable[[list[str]], tuple[float, float]]:
    def count(words: list[str]) -> tuple[float, float]:
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(words, wanted, strict=False))
        return sum(1 for _ in same), len(wanted)

    return count


def _exact(wanted: list[str]) -> Callable[[list[str]], tuple[float, float]]:
    return lambda words: (sum(map(str.__eq__, words, wanted)), len(wanted))


def _ngrams(wanted: list[str]) -> Callable[[list[str]], tuple[float, float]]:
    runs = [_runs(wanted, length) for length in range(1, MAX_NGRAM + 1)]

    def count(words: list[str]) -> tuple[float, float]:
        found = [_runs(words, length) & own for length, own in enumerate(runs, start=1)]
        return sum(one.total() for one in found), sum(own.total() for own in runs)

    return count


def _runs(words: list[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(length)), strict=False))
