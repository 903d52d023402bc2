"""How small is a tail, when float64 itself would say 0?

All results are base-10 logarithms of one-sided upper tails.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

LN10 = math.log(10)
SAFE = 1e-280
"""Below this float64 comes near its denormals, and the series takes over."""


def normal_log10_sf(z: float) -> float:
    """log10 P(Z ≥ z) for a standard normal Z; finite for any finite z."""
    return float(special.log_ndtr(-z)) / LN10


def t_log10_sf(t: float, df: float) -> float:
    """log10 P(T ≥ t) for Student's t with `df` degrees of freedom, down to 1e-5000 and beyond.

    The upper tail is half of the regularised incomplete beta function I_x(df/2, 1/2) with x = df/(df + t²), which is
    summed as a series of its logarithm (DLMF 8.17.8) where float64 would underflow.
    """
    if t <= 0:
        return math.log10(float(special.stdtr(df, -t)))
    a, b, x = df / 2, 0.5, df / (df + t * t)
    plain = float(special.betainc(a, b, x)) / 2
    return math.log10(plain) if plain > SAFE else _log_betainc(a, b, x) / LN10 - math.log10(2)


def correlation_log10_sf(rho: float, n: int) -> float:
    """log10 of the one-sided p-value of a correlation over `n` pairs, by the t distribution with n − 2 degrees."""
    if n < 3:  # noqa: PLR2004 (two pairs have no degree of freedom)
        return 0.0
    if abs(rho) >= 1:
        return -math.inf if rho > 0 else 0.0
    return t_log10_sf(rho * math.sqrt((n - 2) / (1 - rho * rho)), n - 2)


def _log_betainc(a: float, b: float, x: float) -> float:
    terms = max(64, int(60 / max(1 - x, 1e-3)))
    k = np.arange(terms)
    series = special.logsumexp(np.concatenate(([0.0], np.cumsum(np.log((a + b + k) / (a + 1 + k) * x)))))
    return float(a * math.log(x) + b * math.log1p(-x) - math.log(a) - special.betaln(a, b) + series)
