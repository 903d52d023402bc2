"""What do the papers compute? Their statistics on saved answers, each with the p-value that goes with it.

- Order (arXiv 2510.19796): Spearman's correlation between position and log-likelihood minus that of a reference, by the
  t distribution.
- Watermark (LexiMark, arXiv 2506.14474): Min-K%++ (arXiv 2404.02936, k = 20) of texts that were seen against texts that
  were not, pooled, by Welch's test; one-sided, as the claim is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from provenance.stats import rank, tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.records import Score

SHARE = 0.2
SMALLEST_SD = 1e-6


def spearman_log10(positions: NDArray[np.float64], gaps: NDArray[np.float64]) -> float:
    """Give log10 p of Spearman's correlation of positions with suspect minus reference."""
    return rank.spearman(positions, gaps).log10_pvalue


def min_k_plus(row: Score) -> float:
    """Mean of the lowest fifth of the tokens' log-probabilities, each standardised by the model's own distribution."""
    assert row.mean is not None
    assert row.sd is not None
    z = np.sort((row.logprob - row.mean) / np.maximum(row.sd, SMALLEST_SD)).astype(np.float64)
    return float(z[: max(1, int(SHARE * len(z)))].mean())


def welch_log10(seen: NDArray[np.float64], unseen: NDArray[np.float64]) -> float:
    """Give log10 p of Welch's test that texts which were seen have the larger mean."""
    parts = [float(group.var(ddof=1)) / len(group) for group in (seen, unseen)]
    error = math.sqrt(sum(parts))
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, (seen, unseen), strict=True)
    )
    return tails.t_log10_sf(float(seen.mean() - unseen.mean()) / error, freedom)
