"""How often would a shuffle give as much? The one p-value rule, and shuffles of values against curves.

Null: given the values, their assignment to rows is exchangeable within strata. True by design when rows were shuffled.
Many rows are shifted rather than shuffled: any group of rearrangements makes an exact test, and the shifts of one
relabelling are a group whose statistics one Fourier transform gives.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIE_SLACK = 100 * np.finfo(np.float64).eps
BATCH_CELLS = 4_000_000
"""Shuffled values held at once: 32 MB."""
SHIFTED_ROWS = 100_000
"""From so many rows in one stratum on `family_test` shifts: the floor 1/n is low enough then, and shuffles are slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTest:
    """The maximum of several standardised statistics under the same shuffles."""

    pvalue: float
    statistic: float
    """The largest standardised value."""
    member: int
    """Which curve gave it."""
    z: tuple[float, ...]
    """Every curve's standardised value, by the exact moments of a shuffle."""
    null: NDArray[np.float64]
    """Maxima over the other arrangements, shape ``(resamples,)`` or ``(n − 1,)``."""
    log10_floor: float
    """Chance of any one arrangement of the curves over the rows: no p-value of this design is smaller."""
    method: str


def pvalue(observed: float, null: NDArray[np.float64], *, scale: float) -> float:
    """Monte-Carlo p-value (b + 1)/(m + 1), never 0; large values speak for the claim.

    Parameters
    ----------
    observed
        The statistic as it was.
    null
        The statistic under m redraws of the randomness, shape ``(m,)``.
    scale
        Σ|terms| of the statistic: differences within 100 machine epsilons of it are ties, and ties count against the
        claim, so that rounding never makes a finding.

    References
    ----------
    Phipson and Smyth, "Permutation p-values should never be zero" (2010), section 2.
    """
    ties_and_more = np.count_nonzero(null >= observed - TIE_SLACK * scale)
    return (1 + int(ties_and_more)) / (1 + len(null))


def standardise(
    values: NDArray[np.float64], curves: NDArray[np.float64], strata: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre values and curves within strata and scale each curve so that its statistic has mean 0 and variance 1.

    Returns
    -------
    Centred values, shape ``(n,)``, and scaled curves, shape ``(n, k)``: their product is the vector of standardised
    statistics, exactly so under a uniform shuffle within strata. A statistic that cannot vary is 0.
    """
    groups = np.unique(strata, return_inverse=True)[1].ravel()
    sizes = np.bincount(groups)
    centred = values - (np.bincount(groups, weights=values) / sizes)[groups]
    centred[np.abs(centred) <= TIE_SLACK * np.max(np.abs(values), initial=0)] = 0.0
    spread = np.bincount(groups, weights=centred**2) / np.maximum(sizes - 1, 1)
    scaled = np.empty_like(curves)
    for column, curve in enumerate(curves.T):
        flat = curve - (np.bincount(groups, weights=curve) / sizes)[groups]
        sd = float(np.sqrt(np.sum(spread * np.bincount(groups, weights=flat**2))))
        scaled[:, column] = flat / sd if sd > TIE_SLACK * np.max(np.abs(curve), initial=0) else 0.0
    return centred, scaled


def family_test(
    values: NDArray[np.float64],
    curves: NDArray[np.float64],
    *,
    strata: NDArray[np.int64],
    resamples: int,
    rng: np.random.Generator,
) -> FamilyTest:
    """Ask whether values rise along any of several curves more than a shuffle within strata would make them.

    Null: values are exchangeable over the rows of a stratum. Large is extreme. Exact for any values and curves, ties
    included, because the observed assignment is one of the equally likely ones. From `SHIFTED_ROWS` rows in one stratum
    on it is looked for among all shifts (`shifts`), whatever `resamples` says.

    Parameters
    ----------
    values
        One number a unit, shape ``(n,)``.
    curves
        One column a curve, shape ``(n, k)``.
    strata
        Which units were shuffled among each other, shape ``(n,)``.
    resamples
        Number of shuffles; the floor of the p-value is 1/(resamples + 1).
    """
    if (np.diff(strata) < 0).any():
        order = np.argsort(strata, kind="stable")
        values, curves, strata = values[order], curves[order], strata[order]
    groups = len(np.unique(strata))
    centred, scaled = standardise(values, curves, strata)
    z = centred @ scaled
    if groups == 1 and len(values) >= SHIFTED_ROWS:
        name, null, rounding = "shifts", *shifts(centred, scaled, rng=rng)
    else:
        null = _shuffled_maxima(centred, scaled, strata, resamples=resamples, rng=rng)
        name, rounding = "permutation", 0.0
    scale = float(np.max(np.abs(centred) @ np.abs(scaled), initial=0.0)) + rounding
    return FamilyTest(
        pvalue=pvalue(float(z.max()), null, scale=scale),
        statistic=float(z.max()),
        member=int(z.argmax()),
        z=tuple(z.tolist()),
        null=null,
        log10_floor=log10_floor(curves, strata),
        method=f"{name}(resamples={len(null)}, max_of={curves.shape[1]}, strata={groups})",
    )


def shifts(
    values: NDArray[np.float64], curves: NDArray[np.float64], *, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Give the largest of the products of values and curves under every cyclic shift of one random relabelling.

    Relabelled by a permutation drawn from `rng`, values are shifted against curves by 1 to n − 1 places. Together with
    the assignment as it was these are a group of n rearrangements: if every assignment is equally likely, so is every
    place among the n of the one that was, and (b + 1)/n is an exact p-value for any relabelling.

    Parameters
    ----------
    values, curves
        Shapes ``(n,)`` and ``(n, k)``.

    Returns
    -------
    Maxima over the curves, shape ``(n − 1,)``, and what to add to Σ|terms| for the rounding of the transform, so that
    differences within it count as ties.

    References
    ----------
    Hemerik and Goeman, "Exact testing with random permutations" (2018), theorem 1.
    """
    n = len(values)
    relabelled = rng.permutation(n)
    spectrum = np.conj(fft.rfft(values[relabelled]))
    best = np.full(n, -np.inf)
    for curve in curves.T:
        np.maximum(best, fft.irfft(spectrum * fft.rfft(curve[relabelled]), n=n), out=best)
    norms = np.linalg.norm(values) * np.linalg.norm(curves, axis=0).max(initial=0.0)
    return best[1:], float(norms * np.log2(max(n, 2)))


def log10_floor(curves: NDArray[np.float64], strata: NDArray[np.int64]) -> float:
    """log10 of one over the number of different arrangements; rows with the same position are one another's doubles.

    Parameters
    ----------
    curves
        Shape ``(n, k)``; rows that agree in all of them stand at the same position.
    """
    sizes = np.unique(strata, return_counts=True)[1]
    order = np.lexsort((*curves.T, strata))
    differs = np.arange(len(order)) == 0
    for column in (strata, *curves.T):
        sorted_ = column[order]
        differs[1:] |= sorted_[1:] != sorted_[:-1]
    doubles = np.diff(np.r_[np.flatnonzero(differs), len(order)])
    arrangements = special.gammaln(sizes + 1).sum() - special.gammaln(doubles + 1).sum()
    return float(-max(arrangements, 0.0) / np.log(10))


def _shuffled_maxima(
    centred: NDArray[np.float64],
    scaled: NDArray[np.float64],
    strata: NDArray[np.int64],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    edges = [0, *(np.flatnonzero(np.diff(strata)) + 1).tolist(), len(strata)]
    null = np.empty(resamples)
    step = max(1, BATCH_CELLS // max(len(centred), 1))
    for first in range(0, resamples, step):
        rows = np.tile(centred, (min(step, resamples - first), 1))
        for low, high in itertools.pairwise(edges):
            rng.permuted(rows[:, low:high], axis=1, out=rows[:, low:high])
        null[first : first + step] = (rows @ scaled).max(axis=1)
    return null
