"""What would a bet against chance have earned? E-values that hold at any stopping time.

Each bet's expected growth under the null is exactly 1, whatever was seen before; by Ville's inequality the capital ever
reaches 1/α with probability at most α (Shafer, "Testing by betting" (2021); Ville 1939).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ORDER_STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
REDRAW_STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2)
COIN_STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
CURVE_LIMIT = 100.0
"""Standard deviations at which a curve is cut off, so that one late position among a million overflows nothing."""
BET_STEP = 0.125
"""Bets are rounded to this grid, so that sums over unrevealed positions are taken once a level."""
CACHED_CELLS = 1 << 15
"""Numbers worked on at once: 256 kB, near the processor."""
HELD_CELLS = 1 << 22
"""Growths of strategies that are held together: 32 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capital:
    """Growth of an average over several strategies, each starting with capital 1."""

    path: NDArray[np.float64]
    """Natural log of the capital after each row, shape ``(n,)``."""
    method: str

    @property
    def log10(self) -> float:
        """Capital at the end."""
        return float(self.path[-1]) / math.log(10) if len(self.path) else 0.0

    @property
    def log10_max(self) -> float:
        """Highest capital on the way; min(1, 10^−this) is an anytime-valid p-value."""
        return max(0.0, float(self.path.max(initial=0.0))) / math.log(10)


def order_capital(bets: NDArray[np.float64], curves: NDArray[np.float64], *, strata: NDArray[np.int64]) -> Capital:
    """Bet, row by row, that rows with a large `bets` stand at large `curves`.

    Null: within each stratum, which row has which position is a uniform shuffle of the known multiset of positions.
    Row i multiplies the capital by exp(θ a_i G(t_i)) over the mean of exp(θ a_i G(t)) over positions not yet revealed,
    its own included: exact with ties and strata, because the multiset is known beforehand.

    Parameters
    ----------
    bets
        a_i in walking order, shape ``(m,)``, each decided before its position is looked at. Rounded to `BET_STEP`.
    curves
        G_k(t_i) in walking order, shape ``(n, k)``, n ≥ m: rows after the last bet are known to have been shuffled with
        the others and are not walked. Scaled here to mean 0 and variance 1 by the multiset alone.
    strata
        Shape ``(n,)``.
    """
    mean, sd = curves.mean(axis=0), curves.std(axis=0)
    scaled = np.clip(np.where(sd > 0, (curves - mean) / np.where(sd > 0, sd, 1), 0.0), -CURVE_LIMIT, CURVE_LIMIT)
    levels = np.round(bets / BET_STEP).astype(np.int64)
    order = np.argsort(strata, kind="stable")
    edges = np.flatnonzero(np.r_[True, np.diff(strata[order]) != 0, True])
    kinds, stakes = np.tile(np.arange(curves.shape[1]), len(ORDER_STAKES)), np.repeat(ORDER_STAKES, curves.shape[1])

    def growth(part: slice) -> NDArray[np.float64]:
        grown = np.zeros((len(stakes[part]), len(bets)))
        for low, high in itertools.pairwise(edges.tolist()):
            rows = order[low:high]
            walked = rows[: np.searchsorted(rows, len(bets))]
            grown[:, walked] = _growth(levels[walked], scaled[rows[:, None], kinds[part]].T, stakes[part])
        return grown

    method = f"betting(stakes={list(ORDER_STAKES)}, curves={curves.shape[1]}, bet_step={BET_STEP})"
    return _mixture(growth, strategies=len(stakes), rows=len(bets), method=method)


def _growth(levels: NDArray[np.int64], curves: NDArray[np.float64], stakes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log growth of each row walked against the mean over the rows not yet revealed, those from it to the end.

    Parameters
    ----------
    levels
        Bets in units of `BET_STEP`, shape ``(walked,)``.
    curves
        Of each strategy, shape ``(strategies, n)``.
    stakes
        Of each strategy.

    Returns
    -------
    Shape ``(strategies, walked)``.
    """
    growth = np.zeros((len(stakes), len(levels)))
    steps = BET_STEP * stakes[:, None]
    chunk = max(1, CACHED_CELLS // curves.shape[1])
    for first in range(0, len(stakes), chunk):
        part = slice(first, first + chunk)
        for sign in (1, -1):
            _grow(growth[part], sign * levels, np.ascontiguousarray(curves[part]), sign * steps[part])
    return growth


def _grow(
    growth: NDArray[np.float64], levels: NDArray[np.int64], curves: NDArray[np.float64], steps: NDArray[np.float64]
) -> None:
    """Fill in the growth of rows whose bet is above 0, block by block from the end, so that each stays in the cache."""
    n, highest = curves.shape[1], int(levels.max(initial=0))
    beyond = np.zeros((highest + 1, len(curves), 1))
    for high in range(n, 0, -CACHED_CELLS):
        low = max(0, high - CACHED_CELLS)
        exponents = steps * curves[:, low:high]
        base, powers = np.exp(exponents), np.ones_like(exponents)
        for level in range(1, highest + 1):
            powers *= base
            rows = np.flatnonzero(levels[low:high] == level)
            if len(rows):
                between = np.add.reduceat(powers, rows, axis=1)
                unrevealed = np.cumsum(between[:, ::-1], axis=1)[:, ::-1] + beyond[level]
                growth[:, low + rows] = level * exponents[:, rows] - np.log(unrevealed / (n - low - rows))
                beyond[level, :, 0] = unrevealed[:, 0] + powers[:, : rows[0]].sum(axis=1)
            else:
                beyond[level, :, 0] += powers.sum(axis=1)


def redraw_capital(centred: NDArray[np.float64]) -> Capital:
    """Bet, document by document, that index 0 has the largest number.

    Null: which of the document's numbers stands at index 0 is uniform among them. A document multiplies the capital by
    exp(θ c_0) over the mean of exp(θ c_j).

    Parameters
    ----------
    centred
        c_dj in walking order, shape ``(documents, variants)``, centred symmetrically in the variants; NaN where a
        document has fewer variants. Scaled here by the root mean square of the documents so far, which knows no index.
    """
    squares = np.nanmean(centred**2, axis=1)
    sofar = np.sqrt(np.cumsum(squares) / np.arange(1, len(squares) + 1))
    scaled = centred / np.where(sofar > 0, sofar, 1.0)[:, None]
    exponents = np.array(REDRAW_STAKES)[:, None, None] * scaled[None]
    sizes = np.sum(~np.isnan(centred), axis=1)
    mean = special.logsumexp(np.where(np.isnan(exponents), -np.inf, exponents), axis=2) - np.log(sizes)
    return _held(exponents[:, :, 0] - mean, f"betting(stakes={list(REDRAW_STAKES)})")


def coin_capital(sides: NDArray[np.int64], agree: NDArray[np.bool_]) -> Capital:
    """Bet, coin by coin, that the reading is the side that the coin fell on.

    Null: a coin of k sides falls on each with chance 1/k, independently of the rest. A share θ of the capital is staked
    at fair odds: agreement multiplies it by 1 − θ + θk, disagreement by 1 − θ; the mean is 1.

    Parameters
    ----------
    sides, agree
        In walking order, which knows nothing of how the coins fell, shape ``(coins,)``.
    """
    stakes = np.array(COIN_STAKES)
    return _held(np.log(1 - stakes + np.outer(sides * agree, stakes)).T, f"betting(stakes={list(COIN_STAKES)})")


def _held(growth: NDArray[np.float64], method: str) -> Capital:
    """Average strategies whose log growth stands in rows, shape ``(strategies, n)``."""
    strategies, rows = growth.shape
    return _mixture(lambda part: growth[part].copy(), strategies=strategies, rows=rows, method=method)


def _mixture(growth: Callable[[slice], NDArray[np.float64]], *, strategies: int, rows: int, method: str) -> Capital:
    """Average strategies, as many at a time as can be held; where those are not all, their growth is computed twice.

    Parameters
    ----------
    growth
        Gives the log growth of some strategies, shape ``(some, rows)``, which is overwritten.
    """
    step = max(1, HELD_CELLS // max(rows, 1))
    whole = None if step < strategies else np.cumsum(growth(slice(None)), axis=1)

    def paths() -> Iterator[NDArray[np.float64]]:
        if whole is not None:
            yield from whole
            return
        for first in range(0, strategies, step):
            grown = growth(slice(first, first + step))
            yield from np.cumsum(grown, axis=1, out=grown)

    highest = np.full(rows, -np.inf)
    for path in paths():
        np.maximum(highest, path, out=highest)
    rest, ties = np.zeros(rows), np.zeros(rows)
    for path in paths():
        top = path == highest
        ties += top
        rest += np.exp(np.where(top, -np.inf, path - highest))
    return Capital(path=np.log1p(rest / ties) + np.log(ties) + highest - math.log(strategies), method=method)
