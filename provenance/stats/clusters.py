"""Do two sides differ when texts come in clusters, and clusters are what was drawn?

Chunks of one book resemble each other more than chunks of two: taken for independent, they reject a quarter to seven
tenths of true nulls. So clusters change sides, never single texts, and only with clusters of the same number of texts:
then each side keeps its shape, and whatever depends on a cluster's size stays where it is.

Every text has a number, a side (True for a member) and a cluster (an integer); a cluster lies on one side.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from provenance.stats import permutation, roc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BOOTSTRAPS = 1_000
BATCH_CELLS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Several statistics under the same exchanges of clusters."""

    pvalues: tuple[float, ...]
    """One a column of values, one-sided: members larger."""
    z: tuple[float, ...]
    """The statistics, standardised by the exact moments of an exchange; 0 where nothing can vary."""
    null: NDArray[np.float64]
    """The same under exchanges, shape ``(resamples, k)``."""
    log10_floor: float
    """Chance of any one assignment of sides: no p-value of this design is smaller."""
    clusters: int
    """How many clusters have one of their size on the other side; the rest contribute nothing."""
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Mean of the members less mean of the others."""

    value: float
    low: float
    high: float
    level: float


def exchange(
    values: NDArray[np.float64],
    sides: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Exchange:
    """Ask, column by column, whether members have larger numbers than an exchange of clusters would give them.

    Null: given the texts and their numbers, which clusters are members is exchangeable among clusters of equal size.
    True by design where clusters were assigned at random; else conditional on the two sides being alike. Large is
    extreme. Exact for any numbers, ties included.

    Parameters
    ----------
    values
        Shape ``(n, k)``: one column a statistic, which is the sum over members, centred within sizes.
    sides, clusters
        Shape ``(n,)``.
    """
    groups = np.unique(clusters, return_inverse=True)[1].ravel()
    sizes = np.bincount(groups)
    order = np.argsort(sizes, kind="stable")
    sums = np.column_stack([np.bincount(groups, weights=column) for column in values.T])[order]
    labels = (np.bincount(groups, weights=sides) > 0)[order].astype(np.float64)
    strata = np.unique(sizes[order], return_inverse=True)[1].ravel().astype(np.int64)
    # Labels that cannot change sides are centred to zero, and sums within a size to mean zero.
    centred, scaled = permutation.standardise(labels, sums.astype(np.float64), strata)
    z = centred @ scaled
    null = np.concatenate(list(_exchanged(centred, scaled, strata, resamples=resamples, rng=rng)))
    scales = np.abs(centred) @ np.abs(scaled)
    return Exchange(
        pvalues=tuple(
            permutation.pvalue(float(one), column, scale=float(scale))
            for one, column, scale in zip(z, null.T, scales, strict=True)
        ),
        z=tuple(z.tolist()),
        null=null,
        log10_floor=_log10_floor(labels, strata),
        clusters=int(np.count_nonzero(centred)),
        method=f"permutation(resamples={resamples}, of={len(labels)} clusters within {strata.max() + 1} sizes)",
    )


def auroc(
    values: NDArray[np.float64],
    sides: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
) -> roc.Area:
    """AUROC of members against the rest: DeLong's interval if every text is its own cluster, else a cluster bootstrap.

    The bootstrap draws clusters of either side with replacement; its spread, widened for few clusters, goes into the
    interval on the logit scale, which is never of zero width. Never flipped.
    """
    counts = [len(np.unique(clusters[side])) for side in (sides, ~sides)]
    if sum(counts) == len(values):
        return roc.auroc(values[sides], values[~sides], level=level)
    area = roc.auroc(values[sides], values[~sides], level=level)
    areas = np.concatenate(list(_bootstrapped(values, sides, clusters, rng=rng)))
    few = min(counts)
    se = float(areas.std()) * math.sqrt(few / (few - 1)) if few > 1 else 0.5
    low, high = roc.logit_interval(area.value, se, pairs=few, level=level)
    return roc.Area(
        value=area.value, low=low, high=high, level=level, positives=area.positives, negatives=area.negatives
    )


def difference(
    values: NDArray[np.float64], sides: NDArray[np.bool_], clusters: NDArray[np.int64], *, level: float = 0.95
) -> Difference:
    """Difference of the means, with a normal interval whose variance comes from the sums of clusters."""
    gap, variance = 0.0, 0.0
    for sign, side in ((1, sides), (-1, ~sides)):
        mean = float(values[side].mean())
        groups = np.unique(clusters[side], return_inverse=True)[1].ravel()
        sums = np.bincount(groups, weights=values[side] - mean)
        gap += sign * mean
        variance += float(sums @ sums) / len(values[side]) ** 2 * len(sums) / max(len(sums) - 1, 1)
    half = float(special.ndtri((1 + level) / 2)) * math.sqrt(variance)
    return Difference(value=gap, low=gap - half, high=gap + half, level=level)


def _exchanged(
    centred: NDArray[np.float64],
    scaled: NDArray[np.float64],
    strata: NDArray[np.int64],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Iterator[NDArray[np.float64]]:
    edges = [0, *(np.flatnonzero(np.diff(strata)) + 1).tolist(), len(strata)]
    blocks = [(low, high) for low, high in itertools.pairwise(edges) if np.ptp(centred[low:high]) > 0]
    step = max(1, BATCH_CELLS // len(centred))
    for first in range(0, resamples, step):
        rows = np.tile(centred, (min(step, resamples - first), 1))
        for low, high in blocks:
            rng.permuted(rows[:, low:high], axis=1, out=rows[:, low:high])
        yield rows @ scaled


def _log10_floor(labels: NDArray[np.float64], strata: NDArray[np.int64]) -> float:
    sizes, members = np.bincount(strata), np.bincount(strata, weights=labels)
    ways = special.gammaln(sizes + 1) - special.gammaln(members + 1) - special.gammaln(sizes - members + 1)
    return -max(0.0, float(ways.sum())) / math.log(10)


def _bootstrapped(
    values: NDArray[np.float64], sides: NDArray[np.bool_], clusters: NDArray[np.int64], *, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(values[order]) != 0]))
    step = max(1, BATCH_CELLS // len(values))
    for first in range(0, BOOTSTRAPS, step):
        draws = min(step, BOOTSTRAPS - first)
        weights = [_weights(sides == side, clusters, draws=draws, rng=rng)[:, order] for side in (True, False)]
        positives, negatives = (np.add.reduceat(weight, starts, axis=1) for weight in weights)
        below = np.cumsum(negatives, axis=1) - negatives / 2
        yield (positives * below).sum(axis=1) / (positives.sum(axis=1) * negatives.sum(axis=1))


def _weights(
    side: NDArray[np.bool_], clusters: NDArray[np.int64], *, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """How often each text was drawn, its cluster being what is drawn; texts of the other side never."""
    groups = np.unique(clusters[side], return_inverse=True)[1].ravel()
    count = int(groups.max()) + 1
    weights = np.zeros((draws, len(side)))
    weights[:, side] = rng.multinomial(count, np.full(count, 1 / count), size=draws)[:, groups]
    return weights
