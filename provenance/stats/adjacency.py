"""Are neighbours in an order more alike than a shuffle would make them?

Null: within each group, things stand in a uniformly random order. Likeness is the inner product of two vectors. Large
is extreme: whole documents or books that were shuffled as one stand together, whatever else was shuffled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.stats import permutation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REACHES = (1, 16)
"""How far apart two may stand and still be neighbours: next to each other, or in a few books read side by side."""
FEWEST = 4
"""Things in a group below which the variance of a shuffle is not told, and the group says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Total likeness of neighbours, standardised by the exact moments of a shuffle."""

    z: tuple[float, ...]
    """One a reach."""
    groups: tuple[NDArray[np.float64], ...]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]

    @property
    def largest(self) -> float:
        """The largest of them."""
        return max(self.z)


def likeness(groups: Sequence[NDArray[np.float64]]) -> Likeness:
    """Compare neighbours.

    Parameters
    ----------
    groups
        What was shuffled among each other, one array a group, in the order that the shuffle is said to have given;
        each of shape ``(n, d)``.

    References
    ----------
    Mantel, "The detection of disease clustering and a generalized regression approach" (1967): moments of Σ a_ij b_ij
    under a random relabelling.
    """
    used = tuple(group - group.mean(axis=0) for group in groups if len(group) >= FEWEST)
    moments = np.array([[_moments(group, reach) for group in used] for reach in REACHES]).reshape(len(REACHES), -1, 2)
    mean, sd = moments[:, :, 0].sum(axis=1), np.sqrt(np.maximum(moments[:, :, 1].sum(axis=1), 0.0))
    return Likeness(z=tuple(_standardised(used, mean, sd).tolist()), groups=used, mean=mean, sd=sd)


def pvalue(found: Likeness, *, resamples: int, rng: np.random.Generator) -> float:
    """Shuffle every group, and ask how often the largest standardised likeness is as large; floor 1/(resamples + 1)."""
    null = [
        _standardised([rng.permutation(group) for group in found.groups], found.mean, found.sd).max(initial=0.0)
        for _ in range(resamples)
    ]
    return permutation.pvalue(found.largest, np.array(null), scale=1 + abs(found.largest))


def certain(alpha: float) -> float:
    """Give the z beyond which p is below `alpha` whatever the law of the statistic: Cantelli's inequality."""
    return math.sqrt(1 / alpha - 1)


def _standardised(
    groups: Sequence[NDArray[np.float64]], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> NDArray[np.float64]:
    total = np.array([sum(_total(group, reach) for group in groups) for reach in REACHES], dtype=np.float64)
    return np.divide(total - mean, sd, out=np.zeros(len(REACHES)), where=sd > permutation.TIE_SLACK * np.abs(mean))


def _total(group: NDArray[np.float64], reach: int) -> float:
    """Sum the likeness of all ordered pairs that stand at most `reach` apart."""
    sums = np.concatenate([np.zeros((1, group.shape[1])), np.cumsum(group, axis=0)])
    ahead = sums[np.minimum(np.arange(len(group)) + reach + 1, len(group))] - sums[1:]
    return 2 * float(np.einsum("nd,nd->", group, ahead))


def _moments(group: NDArray[np.float64], reach: int) -> tuple[float, float]:
    """Give mean and variance of `_total` over all orders of a group."""
    n, place = len(group), np.arange(len(group))
    degree = np.minimum(place, reach) + np.minimum(n - 1 - place, reach)
    squares, product = np.einsum("nd,nd->n", group, group), group.T @ group
    rows = group @ group.sum(axis=0) - squares
    near = float(degree.sum()), float(degree.sum()), float(np.sum(degree.astype(np.float64) ** 2))
    like = float(rows.sum()), float(np.sum(product**2) - np.sum(squares**2)), float(rows @ rows)
    mean = near[0] * like[0] / (n * (n - 1))
    ways = np.cumprod([float(n) * (n - 1), n - 2, n - 3])
    return mean, float(np.sum(_squared(*near) * _squared(*like) / ways)) - mean**2


def _squared(total: float, squares: float, rows: float) -> NDArray[np.float64]:
    """Split the square of a sum over ordered pairs: a pair with itself, with one that shares an end, with one apart."""
    return np.array([math.sqrt(2) * squares, 2 * (rows - squares), total**2 + 2 * squares - 4 * rows])
