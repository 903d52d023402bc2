"""How often would other coins agree as much with what was read? Tests where the law of every coin is known.

Null: coin c fell on each of its k_c sides with chance 1/k_c, independently of the other coins and of the readings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, optimize

from provenance.stats import permutation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STEEPEST = 30.0
"""Largest tilt λ: beyond it a tilted coin agrees for certain, to the last digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinTest:
    """Agreement of readings with coins, against coins thrown anew."""

    pvalue: float
    statistic: float
    null: NDArray[np.float64]
    log10_floor: float
    """Chance that every coin agrees: no p-value of these coins is smaller."""
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Share of the coins that the readings carry, where the others agree by chance alone; below 0 if fewer agree."""

    value: float
    low: float
    high: float
    level: float


def statistic(sides: NDArray[np.int64], agree: NDArray[np.bool_]) -> float:
    """Sum up k·[agree] − 1 over coins: mean 0 under the null, larger where a text carries the coins.

    Agreement counts k-fold because a coin of many sides agrees by chance less often. That is the first-order growth of
    a bet on the coins, and within a few per cent of the best test whether few or most of the coins are carried
    (``benchmarks/collusion.py --weights``). The weights are whole numbers, so ties are exact and so is the tail.
    """
    return float(np.sum(sides * agree - 1))


def coin_test(
    sides: NDArray[np.int64], agree: NDArray[np.bool_], *, resamples: int, rng: np.random.Generator
) -> CoinTest:
    """Ask whether readings agree with their coins more than with coins thrown anew; large is extreme.

    Parameters
    ----------
    sides
        k of each coin, at least 2, shape ``(coins,)``.
    agree
        Whether its reading is the side that it fell on.
    resamples
        Number of redraws of all coins; the floor of the p-value is 1/(resamples + 1).
    """
    kinds, counts = np.unique(sides, return_counts=True)
    null = np.full(resamples, -float(len(sides)))
    for kind, count in zip(kinds, counts, strict=True):
        # As many agree as in so many throws: the same law as throwing one by one.
        null += kind * rng.binomial(count, 1 / kind, size=resamples)
    observed = statistic(sides, agree)
    return CoinTest(
        pvalue=permutation.pvalue(observed, null, scale=float(np.sum(sides))),
        statistic=observed,
        null=null,
        log10_floor=-float(np.sum(np.log10(sides))),
        method=f"redraw(resamples={resamples}, every coin uniform over its options)",
    )


def tail_log10(sides: NDArray[np.int64], agree: NDArray[np.bool_]) -> float:
    """log10 of the exact chance that coins thrown anew agree at least as much; no floor, at most 0.

    The law of the sum (Poisson-binomial, weights k) is read off its characteristic function. Throws are first tilted by
    exp(λ·weight) so that the observed sum is the expected one, and weighed back after: so the digits that count are
    kept however small the tail is.

    References
    ----------
    Hong, "On computing the distribution function for the Poisson binomial distribution" (2013), section 2.3.
    """
    kinds, counts = np.unique(sides, return_counts=True)
    total = int(np.sum(sides * agree))
    if total <= len(sides):
        return math.log10(min(1.0, _tail(kinds, counts, 1 / kinds, total)))
    rate = _tilt(kinds, counts, total)
    weights = np.exp(rate * kinds) / kinds
    scale = 1 - 1 / kinds + weights
    law = _law(kinds, counts, weights / scale)[total:]
    back = float(np.sum(law * np.exp(-rate * np.arange(len(law)))))
    return min(0.0, (float(np.sum(counts * np.log(scale))) - rate * total + math.log(back)) / math.log(10))


def carried(sides: NDArray[np.int64], agree: NDArray[np.bool_], *, level: float = 0.95) -> Carried:
    """Estimate which share of the coins the readings carry, with an interval from the exact law.

    Where a share r is carried and the rest agree by chance, a coin agrees with chance r + (1 − r)/k. The interval is
    all r that neither tail of that law rejects (Clopper and Pearson's way), right if coins are carried independently.
    """
    if not len(sides):
        return Carried(value=0.0, low=-1.0, high=1.0, level=level)
    kinds, counts = np.unique(sides, return_counts=True)
    total, lowest = int(np.sum(sides * agree)), -1 / (int(kinds.max()) - 1)

    def at_least(share: float, number: int) -> float:
        return _tail(kinds, counts, share + (1 - share) / kinds, number)

    miss = (1 - level) / 2
    return Carried(
        value=(total - len(sides)) / float(np.sum(sides - 1)),
        low=_crossing(lambda share: at_least(share, total) - miss, lowest),
        high=_crossing(lambda share: at_least(share, total + 1) - (1 - miss), lowest),
        level=level,
    )


def _crossing(rising: Callable[[float], float], lowest: float) -> float:
    """Find where a rising function of the share is 0; an end of the range if nowhere."""
    if rising(lowest) >= 0:
        return lowest
    return 1.0 if rising(1.0) <= 0 else float(optimize.brentq(rising, lowest, 1.0))


def _tilt(kinds: NDArray[np.int64], counts: NDArray[np.int64], total: int) -> float:
    """Find the λ ≥ 0 under which the expected sum is the observed one."""

    def excess(rate: float) -> float:
        weights = np.exp(rate * kinds)
        return float(np.sum(counts * kinds * weights / (kinds - 1 + weights))) - total

    steepest = STEEPEST / float(kinds.min())
    return steepest if excess(steepest) <= 0 else float(optimize.brentq(excess, 0.0, steepest))


def _tail(kinds: NDArray[np.int64], counts: NDArray[np.int64], chances: NDArray[np.float64], total: int) -> float:
    return float(np.sum(_law(kinds, counts, chances)[max(total, 0) :]))


def _law(kinds: NDArray[np.int64], counts: NDArray[np.int64], chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of every sum of k·[agree], 0 … Σk, where `counts` coins of k sides agree with these chances."""
    size = int(np.sum(kinds * counts)) + 1
    turns = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    spectrum = np.ones(len(turns), dtype=complex)
    for kind, count, chance in zip(kinds, counts, chances, strict=True):
        spectrum *= (1 - chance + chance * turns**kind) ** count
    law: NDArray[np.float64] = np.maximum(fft.irfft(spectrum, n=size), 0.0)
    return law
