"""How well does a number separate two groups: AUROC and true-positive rates, with intervals?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

FPRS = (0.001, 0.01, 0.05)
BRACKET = 0.975
"""Level of each of the two brackets of a rate: together at least 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Area under the ROC curve: the chance that a positive exceeds a negative, ties counting half; never flipped."""

    value: float
    low: float
    high: float
    level: float
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """True-positive rate at a false-positive rate."""

    fpr: float
    tpr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A rate that so few negatives cannot show."""

    fpr: float
    reason: str


def auroc(positives: NDArray[np.float64], negatives: NDArray[np.float64], *, level: float = 0.95) -> Area:
    """AUROC with DeLong's variance and an interval on the logit scale, never of zero width.

    Parameters
    ----------
    positives, negatives
        Independent numbers of the two groups, shapes ``(m,)`` and ``(k,)``.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), section 3; midranks as in Sun and Xu (2014).
    """
    m, k = len(positives), len(negatives)
    ranks = stats.rankdata(np.concatenate([positives, negatives]))
    wins = (ranks[:m] - stats.rankdata(positives)) / k
    losses = 1 - (ranks[m:] - stats.rankdata(negatives)) / m
    value = float(wins.mean())
    variance = float(wins.var(ddof=1) / m + losses.var(ddof=1) / k) if min(m, k) > 1 else 0.25
    low, high = logit_interval(value, math.sqrt(variance), pairs=min(m, k), level=level)
    return Area(value=value, low=low, high=high, level=level, positives=m, negatives=k)


def logit_interval(value: float, se: float, *, pairs: int, level: float) -> tuple[float, float]:
    """Interval of a proportion-like mean on the logit scale; at 0, 1 or zero variance it is that of one pair astray."""
    centre = (value * pairs + 0.5) / (pairs + 1) if value in (0, 1) else value
    se = max(se, math.sqrt(centre * (1 - centre)) / (pairs + 1))
    half = float(special.ndtri((1 + level) / 2)) * se / (centre * (1 - centre))
    logit = math.log(centre / (1 - centre))
    low, high = float(special.expit(logit - half)), float(special.expit(logit + half))
    return min(low, value), max(high, value)


def tpr_at_fpr(positives: NDArray[np.float64], negatives: NDArray[np.float64], *, fpr: float) -> Rate | NotMeasured:
    """True-positive rate at a false-positive rate, with an interval that knows its threshold was estimated.

    The threshold is bracketed by order statistics of the negatives at 97.5 %, the rate at each end by Clopper–Pearson
    at 97.5 %: together at least 95 %. Plain Clopper–Pearson at the estimated threshold covers far less.
    """
    k = len(negatives)
    if k * fpr < 1:
        return NotMeasured(fpr=fpr, reason=f"{k} negatives cannot show a rate of {fpr:g}")
    descending = np.sort(negatives)[::-1]
    harsh, lax = (int(stats.binom.ppf(q, k, fpr)) for q in (0.0125, 0.9875))
    low = clopper_pearson(_above(positives, descending, harsh - 1), len(positives), level=BRACKET)[0]
    high = clopper_pearson(_above(positives, descending, lax), len(positives), level=BRACKET)[1]
    return Rate(fpr=fpr, tpr=_above(positives, descending, int(k * fpr)) / len(positives), low=low, high=high)


def _above(positives: NDArray[np.float64], descending: NDArray[np.float64], false: int) -> int:
    """Count positives above the threshold that lets at most `false` negatives through."""
    if false < 0:
        return 0
    if false >= len(descending):
        return len(positives)
    return int(np.count_nonzero(positives > descending[false]))


def clopper_pearson(successes: int, trials: int, *, level: float) -> tuple[float, float]:
    """Give the exact interval of a share, by the quantiles of the beta law."""
    tail = (1 - level) / 2
    low = special.betaincinv(successes, trials - successes + 1, tail) if successes else 0.0
    high = special.betaincinv(successes + 1, trials - successes, 1 - tail) if successes < trials else 1.0
    return float(low), float(high)
