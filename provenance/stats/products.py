"""What do e-values come to together, and what is a p-value worth as one?

Under "none of the sources is to blame" e-values of independent sources, such as an owner's key and a run's shuffle,
have expectations of at most 1 independently of each other, and so has their product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL = 1e-4
"""Below this −ln p the closed form loses its digits and the series takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """E-values of independent sources, multiplied."""

    log10: float
    log10_pvalue: float
    """min(1, 1/E), by Markov's inequality."""


def product(log10s: Sequence[float]) -> Product:
    """Multiply e-values of independent sources, each taken where its own audit stopped.

    Parameters
    ----------
    log10s
        Decimal logarithms of e-values. Never the highest on the way: that is no e-value.
    """
    total = math.fsum(log10s)
    return Product(log10=total, log10_pvalue=min(0.0, -total))


def calibrated_log10(log10_pvalue: float) -> float:
    """Turn a p-value into an e-value: the average of κ p^(κ−1) over κ in (0, 1), which is (1 − p + p ln p)/(p ln² p).

    Each κ p^(κ−1) integrates to 1 over p, so its expectation under the null is at most 1. It costs 2 log10(−ln p)
    digits: p = 1e-10 is worth 1.9e7.

    References
    ----------
    Vovk and Wang, "E-values: calibration, combination and applications" (2021), equation (2).

    Examples
    --------
    >>> round(10 ** calibrated_log10(0.0), 6), round(calibrated_log10(-10.0), 2)
    (0.5, 7.28)
    """
    surprise = -log10_pvalue * math.log(10)
    if surprise < SMALL:
        return math.log10(0.5 + surprise / 6)
    rest = math.log1p(-math.exp(-surprise) * (1 + surprise))
    return (rest + surprise - 2 * math.log(surprise)) / math.log(10)
