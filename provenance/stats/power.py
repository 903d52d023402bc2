"""How much must be asked until a test finds what is there, with which chance?

Every deciding statistic is close to normal: over n units it has mean m√n and standard deviation s, where a null has 0
and 1. The pair (m, s) is the `Drift`; all planning is arithmetic on it. These are forecasts and decide nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from provenance.stats import redraw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DEALS = 100_000
"""Documents dealt to find the drift of a win rate."""
PATHS = 2_000
LOOKS = 400
SLACK = 3.0
HORIZON = 30.0
"""How many times the units of a fixed test that hardly ever misses a bet may take before the forecast gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How fast a standardised statistic rises: over n units its mean is `mean`·√n, its deviation `sd`."""

    mean: float
    sd: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """After how many units bets that are watched after every unit first reach 1/α."""

    units: NDArray[np.float64]
    """One number a bet; infinite where it does not within `HORIZON`."""

    def by(self, share: float) -> float:
        """Units by which this share of the bets has reached it; infinite if so many do not."""
        return float(np.ceil(np.quantile(self.units, share, method="higher")))

    def power(self, units: int) -> float:
        """Share of the bets that reach it within so many units."""
        return float(np.mean(self.units <= units))


def order_drift(rho: float) -> Drift:
    """Drift of the recency family's best member from Spearman's ρ between residual and position.

    A normal residual on a uniform position has Pearson's r = ρ√(π/3) between normal score and position, and the
    standardised statistic is r√n. Its deviation is a little below 1; 1 is taken, which asks for a little more.
    """
    if not 0 < rho < 1:
        raise ValueError(f"rho is {rho}, expected a number strictly between 0 and 1")
    return Drift(mean=min(1.0, rho * math.sqrt(math.pi / 3)))


def redraw_drift(win_rate: float, *, alternates: int, rng: np.random.Generator) -> Drift:
    """Drift a document of the redraw test from how often the published variant beats one alternate.

    Variants' scores are taken as normal and documents as alike, so that a win rate w stands for a lead of √2·Φ⁻¹(w)
    deviations; the rest is the test's own arithmetic on deals of that kind, each beside its mirror image.
    """
    if not 0.5 < win_rate < 1:  # noqa: PLR2004 (a win rate of ½ is the null)
        raise ValueError(f"win rate is {win_rate}, expected a number strictly between 0.5 and 1")
    noise = rng.standard_normal((DEALS // 2, alternates + 1))
    scores = np.concatenate([noise, -noise])
    scores[:, 0] += math.sqrt(2) * float(special.ndtri(win_rate))
    centred = redraw.centre(scores)
    scale = math.sqrt(float(np.mean(centred**2)))
    return Drift(mean=float(centred[:, 0].mean()) / scale, sd=float(centred[:, 0].std()) / scale)


def threshold(alpha: float, *, tests: int) -> float:
    """Value that the largest of `tests` standardised statistics exceeds with a chance of at most `alpha` by chance."""
    return float(-special.ndtri(alpha / tests))


def power(drift: Drift, units: int, *, alpha: float, tests: int = 1) -> float:
    """Chance that a test of `units` units, fixed beforehand, ends with p ≤ `alpha`."""
    _check(alpha, 0.5)
    rise = drift.mean * math.sqrt(units) - threshold(alpha, tests=tests)
    return float(special.ndtr(rise / drift.sd)) if drift.sd > 0 else float(rise >= 0)


def units_needed(drift: Drift, *, alpha: float, power: float, tests: int = 1) -> int:
    """Smallest number of units whose test has this power; never less than 1.

    n = ((c + s·Φ⁻¹(power)) / m)², with c the threshold.
    """
    _check(alpha, power)
    if drift.mean <= 0:
        raise ValueError("without a drift no number of units will do")
    target = threshold(alpha, tests=tests) + drift.sd * float(special.ndtri(power))
    return max(1, math.ceil((max(target, 0.0) / drift.mean) ** 2 - 1e-9))


def passages(
    drift: Drift, *, alpha: float, stakes: Sequence[float], tests: int = 1, rng: np.random.Generator
) -> Passages:
    """Forecast when a bet reaches 1/α: an average over `stakes` and over `tests` curves, of which one earns.

    Stake θ earns θX − θ²t/2 where X, the sum of t standardised terms, is a Brownian motion with this drift. Paths are
    drawn. What the other curves earn is left out, which asks for a little more.
    """
    _check(alpha, 0.5)
    fixed = ((threshold(alpha, tests=tests) + SLACK) / drift.mean) ** 2
    times = np.geomspace(fixed / LOOKS, fixed * HORIZON, LOOKS)
    steps = np.diff(times, prepend=0.0)
    sums = np.cumsum(drift.mean * steps + drift.sd * np.sqrt(steps) * rng.standard_normal((PATHS, LOOKS)), axis=1)
    reached = _capital(sums, times, stakes=stakes) >= math.log(tests / alpha)
    return Passages(units=np.where(reached.any(axis=1), times[reached.argmax(axis=1)], np.inf))


def resamples_needed(*, claims: int, alpha: float) -> int:
    """Resamples for a family of claims: 20 K/α, so that the floor of a p-value stays far below Holm's first step."""
    return math.ceil(20 * claims / alpha - 1e-6)


def _capital(sums: NDArray[np.float64], times: NDArray[np.float64], *, stakes: Sequence[float]) -> NDArray[np.float64]:
    """Natural log of the average over stakes, shape of `sums`."""
    total = np.full_like(sums, -np.inf)
    for stake in stakes:
        total = np.logaddexp(total, stake * sums - stake * stake * times / 2)
    return total - math.log(len(stakes))


def _check(alpha: float, power: float) -> None:
    for name, value in (("alpha", alpha), ("power", power)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}, expected a number strictly between 0 and 1")
