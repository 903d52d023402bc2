"""What is left of a score when references and features have been taken out?

The regression never sees positions, variants or row order: rows come sorted by a hash of their ids. Coefficients of
references are at least 0, so that a reference which itself saw the order costs power and accuses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
BET_LIMIT = 2.5
ROUNDING = 1e-12
RIDGE = 1e-8
"""Keeps collinear predictors from dividing by nothing; far below any noise."""
FIRST_BLOCK = 32
"""Rows after which sequential coefficients are first fitted; bets before them are 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """What may predict a score under the null."""

    references: NDArray[np.float64]
    """Scores of independent models, shape ``(n, r)``: coefficients are at least 0."""
    features: NDArray[np.float64]
    """Facts about the texts, shape ``(n, f)``: coefficients are free."""

    def stacked(self) -> NDArray[np.float64]:
        """References, features and a constant side by side, shape ``(n, r + f + 1)``."""
        n = len(self.references)
        return np.column_stack([self.references, self.features, np.ones(n)])

    def lower_bounds(self) -> NDArray[np.float64]:
        """Lower bound of each coefficient."""
        return np.concatenate([np.zeros(self.references.shape[1]), np.full(self.features.shape[1] + 1, -np.inf)])


def crossfit(scores: NDArray[np.float64], predictors: Predictors) -> NDArray[np.float64]:
    """Give each row's score minus its prediction by a fit on the other folds.

    Cross-fitting serves power only: the test that follows is exact for any residual that does not look at positions.

    Parameters
    ----------
    scores
        Shape ``(n,)``, rows sorted by the hash of their ids.
    """
    design = predictors.stacked()
    fold = np.arange(len(scores)) % FOLDS
    residuals = np.empty_like(scores)
    for part in range(FOLDS):
        coefficients = _fit(design[fold != part], scores[fold != part], predictors.lower_bounds())
        residuals[fold == part] = scores[fold == part] - design[fold == part] @ coefficients
    # What is left of an exact prediction is rounding, and ranks would make a trace of it.
    residuals[np.abs(residuals) <= ROUNDING * np.abs(scores).max()] = 0.0
    return residuals


def sequential_bets(scores: NDArray[np.float64], predictors: Predictors) -> NDArray[np.float64]:
    """Give each row the normal score of its residual, by coefficients and ranks from earlier rows only.

    Coefficients are fitted anew each time the number of rows doubles. Clipped at ±2.5; 0 for the first rows.

    Parameters
    ----------
    scores
        Shape ``(n,)``, in walking order.
    """
    design, bounds = predictors.stacked(), predictors.lower_bounds()
    bets, low = np.zeros(len(scores)), FIRST_BLOCK
    while low < len(scores):
        high = min(2 * low, len(scores))
        residuals = scores[:high] - design[:high] @ _fit(design[:low], scores[:low], bounds)
        residuals[np.abs(residuals) <= ROUNDING * np.abs(scores[:low]).max()] = 0.0
        below = np.searchsorted(np.sort(residuals[:low]), residuals[low:high])
        upto = np.searchsorted(np.sort(residuals[:low]), residuals[low:high], side="right")
        bets[low:high] = special.ndtri((0.5 * (below + upto) + 0.5) / (low + 1))
        low = high
    return np.clip(bets, -BET_LIMIT, BET_LIMIT)


def _fit(design: NDArray[np.float64], scores: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least squares with lower bounds, by the QR factor of the scaled design; constant columns stay out."""
    scale = design.std(axis=0)
    scale[-1] = 1.0
    used = scale > 1e-12 * np.maximum(np.abs(design).max(axis=0), 1)
    shift = np.where(used, design.mean(axis=0), 0.0)
    shift[-1] = 0.0
    columns = ((design - shift) / np.where(used, scale, 1.0))[:, used]
    q, r = np.linalg.qr(columns)
    penalty = np.sqrt(RIDGE * len(scores)) * np.eye(columns.shape[1])[:-1]
    penalised, target = np.vstack([r, penalty]), np.concatenate([q.T @ scores, np.zeros(len(penalty))])
    answer = optimize.lsq_linear(penalised, target, bounds=(lower[used], np.inf), method="bvls", tol=1e-12)
    coefficients = np.zeros(design.shape[1])
    coefficients[used] = answer.x / scale[used]
    coefficients[-1] -= float(shift @ coefficients)
    return coefficients
