"""What would a bet against chance have earned? E-values that hold at any stopping time.

Each bet's expected growth under the null is exactly 1, whatever was seen before; by Ville's inequality the capital ever
reaches 1/α with probability at most α (Shafer, "Testing by betting" (2021); Ville 1939).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDER_STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
REDRAW_STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2)
COIN_STAKES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
CURVE_LIMIT = 100.0
"""Standard deviations at which a curve is cut off, so that one late position among a million overflows nothing."""
BET_STEP = 0.125
"""Bets are rounded to this grid, so that sums over unrevealed positions are taken once a level."""


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
    exponents = (np.array(ORDER_STAKES)[:, None, None] * scaled.T[None]).reshape(-1, len(curves)).T
    levels = np.zeros(len(curves))
    levels[: len(bets)] = np.round(bets / BET_STEP) * BET_STEP
    growth = np.zeros_like(exponents)
    for stratum in np.unique(strata[: len(bets)]):
        rows = np.flatnonzero(strata == stratum)
        growth[rows] = _growth(levels[rows], exponents[rows])
    return _mixture(
        growth[: len(bets)], f"betting(stakes={list(ORDER_STAKES)}, curves={curves.shape[1]}, bet_step={BET_STEP})"
    )


def _growth(levels: NDArray[np.float64], exponents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log growth of each row against the mean over the rows not yet revealed, those from it to the end."""
    left = np.arange(len(levels), 0, -1.0)[:, None]
    growth = np.zeros_like(exponents)
    for level in np.unique(levels[levels != 0]):
        rows = levels == level
        powers = np.exp(level * exponents)
        unrevealed = np.cumsum(powers[::-1], axis=0)[::-1]
        growth[rows] = level * exponents[rows] - np.log(unrevealed[rows] / left[rows])
    return growth


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
    return _mixture((exponents[:, :, 0] - mean).T, f"betting(stakes={list(REDRAW_STAKES)})")


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
    return _mixture(np.log(1 - stakes + np.outer(sides * agree, stakes)), f"betting(stakes={list(COIN_STAKES)})")


def _mixture(growth: NDArray[np.float64], method: str) -> Capital:
    paths = np.cumsum(growth, axis=0)
    return Capital(path=special.logsumexp(paths, axis=1) - math.log(growth.shape[1]), method=method)
