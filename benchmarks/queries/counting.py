"""How many queries does a statistic need before its p-value falls below a level?

At growing numbers of queries the median log10 p over several draws is taken; between two numbers it is interpolated.
Where all there is does not suffice, the number is extrapolated by the one law that holds for all of these statistics:
the square of z grows as the number of queries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GROWTH = 1.2
FEWEST = 16
BEYOND = 20.0
"""No number is extrapolated further than this many times what there is: it is then a lower bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """How many queries reach a level."""

    queries: float
    extrapolated: bool
    """Whether there were fewer, so that the number is a guess."""
    at_least: bool = False
    """Whether even the guess was cut off."""


def grid(most: int) -> list[int]:
    """Give growing numbers of queries, the last one all there are."""
    steps = FEWEST * GROWTH ** np.arange(math.ceil(math.log(max(most / FEWEST, 1.0), GROWTH)))
    return [*sorted({int(step) for step in steps if step < most}), most]


def curve(log10_p: Callable[[int, int], float], *, most: int, draws: int, target: float) -> list[tuple[int, float]]:
    """Give the median of log10 p over draws at growing numbers of queries, until it is well below the target."""
    points = list[tuple[int, float]]()
    for queries in grid(most):
        points.append((queries, float(np.median([log10_p(queries, draw) for draw in range(draws)]))))
        if points[-1][1] < 1.1 * target:
            break
    return points


def needed(points: Sequence[tuple[int, float]], *, target: float) -> Needed:
    """Find where a curve crosses a level.

    Parameters
    ----------
    points
        Queries and median log10 p, ascending.
    target
        log10 of the level, below 0.
    """
    before = (1, 0.0)
    for queries, value in points:
        if value <= target:
            share = (target - before[1]) / (value - before[1])
            return Needed(queries=before[0] * (queries / before[0]) ** share, extrapolated=False)
        before = (queries, value)
    most, last = points[-1]
    times = (z_of(target) / max(z_of(last), 1e-9)) ** 2
    return Needed(queries=most * min(times, BEYOND), extrapolated=True, at_least=times > BEYOND)


def z_of(log10_p: float) -> float:
    """Give the normal deviate of a one-sided p-value; 0 where p is a half or more.

    Examples
    --------
    >>> round(z_of(-3), 3)
    3.09
    """
    if log10_p >= math.log10(0.5):
        return 0.0
    wanted = log10_p * math.log(10)
    return float(optimize.brentq(lambda z: float(special.log_ndtr(-z)) - wanted, 0.0, 2 + math.sqrt(-2 * wanted)))


def ratio(pairs: Sequence[tuple[Needed, Needed]]) -> float:
    """Geometric mean over settings of ours over theirs."""
    return math.exp(float(np.mean([math.log(ours.queries / theirs.queries) for ours, theirs in pairs])))
