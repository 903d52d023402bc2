"""How often would another deal give as much? Tests where the law of the redraw is known.

Null: independently for each document, the index 0 among its exchangeable variants was drawn uniformly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from provenance.stats import permutation, roc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH_CELLS = 4_000_000
MAX_RATE = 50.0
"""Largest λ tried for the Chernoff bound, in units of the inverse root mean square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawTest:
    """Sum over documents of the published variant's advantage, against redrawn indices."""

    pvalue: float
    statistic: float
    null: NDArray[np.float64]
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRate:
    """How often the published variant beats an alternate of its own document, ties counting half."""

    value: float
    low: float
    high: float
    level: float
    documents: int
    alternates: int
    ties: float
    """Share of the comparisons that were ties."""


def centre(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre each document's scores and divide them by the square root of their standard deviation.

    Both are symmetric in the variants, so the test stays exact. The square root stands between two extremes: dividing
    by the whole deviation lets a document of one site weigh as much as one of ten, not dividing lets the noisiest rule.

    Parameters
    ----------
    scores
        Shape ``(documents, variants)``, NaN where a document has fewer variants. A document whose scores are all equal
        becomes 0: it says nothing.
    """
    centred = scores - np.nanmean(scores, axis=1, keepdims=True)
    sd = np.nanstd(scores, axis=1, keepdims=True)
    flat = sd <= permutation.TIE_SLACK * np.nanmax(np.abs(scores), axis=1, keepdims=True)
    scaled: NDArray[np.float64] = np.where(flat, 0.0 * centred, centred / np.sqrt(np.where(flat, 1.0, sd)))
    return scaled


def least_favourable(centred: NDArray[np.float64], rows: Sequence[bool]) -> NDArray[np.float64]:
    """Put the smallest number at index 0 of the rows marked, of which nobody knows any more which index was drawn.

    The sum at index 0 is then at most what the draw gave, and its law is the same: what is concluded holds whoever
    chose these rows and however, even by looking at what was drawn. Leaving them out would not.
    """
    exchanged = centred.copy()
    for row in np.flatnonzero(rows):
        lowest = int(np.nanargmin(centred[row]))
        exchanged[row, [0, lowest]] = centred[row, [lowest, 0]]
    return exchanged


def redraw_test(centred: NDArray[np.float64], *, resamples: int, rng: np.random.Generator) -> RedrawTest:
    """Ask whether index 0 holds larger numbers than redrawn indices would; large is extreme, ties count against.

    Parameters
    ----------
    centred
        What `centre` gave, shape ``(documents, variants)``.
    """
    sizes = np.sum(~np.isnan(centred), axis=1)
    rows = np.arange(len(centred))
    null = np.empty(resamples)
    step = max(1, BATCH_CELLS // max(len(centred), 1))
    for first in range(0, resamples, step):
        index = rng.integers(0, sizes, size=(min(step, resamples - first), len(centred)))
        null[first : first + step] = centred[rows, index].sum(axis=1)
    observed = float(centred[:, 0].sum())
    return RedrawTest(
        pvalue=permutation.pvalue(observed, null, scale=float(np.nanmax(np.abs(centred), axis=1).sum())),
        statistic=observed,
        null=null,
        method=f"redraw(resamples={resamples}, index of the published variant in every document)",
    )


def log10_floor(centred: NDArray[np.float64]) -> float:
    """log10 of the chance that every document draws its largest number: no p-value of this table is smaller."""
    top = np.nanmax(centred, axis=1, keepdims=True)
    tied = np.sum(centred >= top - permutation.TIE_SLACK * np.abs(top), axis=1)
    return float(np.sum(np.log10(tied / np.sum(~np.isnan(centred), axis=1))))


def chernoff_log10(centred: NDArray[np.float64]) -> float:
    """log10 of the Chernoff bound on P(sum ≥ observed): rigorous, without a floor, at most 0.

    min over λ ≥ 0 of Π_d mean_j exp(λ c_dj) · exp(−λ T).
    """
    total = float(centred[:, 0].sum())
    if total <= 0:
        return 0.0
    filled = np.where(np.isnan(centred), -np.inf, centred)
    sizes = np.log(np.sum(~np.isnan(centred), axis=1))

    def log_bound(rate: float) -> float:
        with np.errstate(invalid="ignore"):
            exponents = np.where(np.isinf(filled), -np.inf, rate * filled)
        return float(np.sum(special.logsumexp(exponents, axis=1) - sizes)) - rate * total

    highest = MAX_RATE / math.sqrt(float(np.nanmean(centred**2)))
    best = optimize.minimize_scalar(
        log_bound, bounds=(0.0, highest), method="bounded", options={"xatol": 1e-6 * highest}
    )
    return min(0.0, float(best.fun)) / math.log(10)


def win_rate(scores: NDArray[np.float64], *, level: float = 0.95) -> WinRate:
    """Share of alternates that the published variant beats, averaged over documents, with an interval from them."""
    others = scores[:, 1:]
    present = ~np.isnan(others)
    with np.errstate(invalid="ignore"):
        wins = np.where(present, (scores[:, :1] > others) + 0.5 * (scores[:, :1] == others), 0.0)
        ties = np.count_nonzero(present & (scores[:, :1] == others))
    means = wins.sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    value = float(means.mean())
    se = float(stats.sem(means)) if len(means) > 1 else 0.5
    low, high = roc.logit_interval(value, se, pairs=len(means), level=level)
    return WinRate(
        value=value,
        low=low,
        high=high,
        level=level,
        documents=len(means),
        alternates=int(present.sum()),
        ties=ties / max(int(present.sum()), 1),
    )


def rank_counts(scores: NDArray[np.float64], *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Count documents by how many of their alternates the published variant beats; ties are broken at random.

    Only documents with the most common number of variants are counted. Uniform under the null.
    """
    sizes = np.sum(~np.isnan(scores), axis=1)
    full = scores[sizes == np.bincount(sizes).argmax()]
    full = full[:, ~np.isnan(full).all(axis=0)]
    jitter = rng.random(full.shape)
    below = (full < full[:, :1]) | ((full == full[:, :1]) & (jitter < jitter[:, :1]))
    return np.bincount(below.sum(axis=1), minlength=full.shape[1])
