"""How strongly do two rankings agree, with which interval?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from provenance.stats import tails

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Spearman's ρ, descriptive: its p-value is an extrapolation and decides nothing."""

    rho: float
    low: float
    high: float
    level: float
    log10_pvalue: float
    """One-sided (ρ > 0), by the t distribution."""


def normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Φ⁻¹((rank − ½)/n), ties sharing their mean rank."""
    return special.ndtri((stats.rankdata(values) - 0.5) / len(values))


def spearman(x: NDArray[np.float64], y: NDArray[np.float64], *, level: float = 0.95) -> Correlation:
    """Spearman's ρ of x and y with the Bonett–Wright interval; constant input has ρ = 0.

    References
    ----------
    Bonett and Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations" (2000).
    """
    n = len(x)
    ranks = [stats.rankdata(values) - (n + 1) / 2 for values in (x, y)]
    norm = math.sqrt(float(ranks[0] @ ranks[0]) * float(ranks[1] @ ranks[1]))
    rho = float(np.clip(ranks[0] @ ranks[1] / norm, -1, 1)) if norm > 0 else 0.0
    half = float(special.ndtri((1 + level) / 2)) * math.sqrt((1 + rho * rho / 2) / max(n - 3, 1))
    centre = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, rho)))
    return Correlation(
        rho=rho,
        low=math.tanh(centre - half),
        high=math.tanh(centre + half),
        level=level,
        log10_pvalue=tails.correlation_log10_sf(rho, n),
    )
