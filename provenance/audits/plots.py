"""Which curves does a reader need to see, in at most 2,000 points?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.evidence import Plot
from provenance.stats import roc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.stats.betting import Capital

MEAN_BINS = 40
HISTOGRAM_BINS = 60
GROWTH_POINTS = 500
ROC_POINTS = 60


def running_mean(name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> Plot:
    """Mean of y with its 95 % interval in bins of equally many rows along x."""
    bins = min(MEAN_BINS, max(1, len(x) // 5))
    parts = np.array_split(np.argsort(x, kind="stable"), bins)
    mean = np.array([y[part].mean() for part in parts])
    half = np.array([1.96 * y[part].std(ddof=1) / math.sqrt(len(part)) if len(part) > 1 else 0.0 for part in parts])
    return Plot(
        name=name,
        x=numbers(np.array([x[part].mean() for part in parts])),
        y=numbers(mean),
        low=numbers(mean - half),
        high=numbers(mean + half),
    )


def histogram(name: str, values: NDArray[np.float64], *, bins: int = HISTOGRAM_BINS) -> Plot:
    """How often values fell into equal bins, at the bins' centres."""
    counts, edges = np.histogram(values, bins=bins)
    return Plot(name=name, x=numbers((edges[:-1] + edges[1:]) / 2), y=numbers(counts))


def bars(name: str, counts: NDArray[np.int64]) -> Plot:
    """Counts of 0, of 1, and so on."""
    return Plot(name=name, x=numbers(np.arange(len(counts))), y=numbers(counts))


def growth(capital: Capital) -> Plot:
    """Log10 of the capital after each row, thinned."""
    at = np.unique(np.linspace(0, len(capital.path) - 1, GROWTH_POINTS).astype(int))
    return Plot(name="evalue-growth", x=numbers(at + 1), y=numbers(capital.path[at] / math.log(10)))


def roc_curve(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> Plot:
    """True-positive rate against false-positive rate, from one negative's rate to 1, with the interval of each."""
    fprs = np.geomspace(1 / len(negatives), 1, ROC_POINTS) if len(negatives) > 1 else np.ones(1)
    found = [roc.tpr_at_fpr(positives, negatives, fpr=min(1.0, float(fpr) * (1 + 1e-12))) for fpr in fprs]
    rates = [rate for rate in found if isinstance(rate, roc.Rate)]
    return Plot(
        name="roc",
        x=numbers(np.array([rate.fpr for rate in rates])),
        y=numbers(np.array([rate.tpr for rate in rates])),
        low=numbers(np.array([rate.low for rate in rates])),
        high=numbers(np.array([rate.high for rate in rates])),
    )


def numbers(values: NDArray[Any]) -> tuple[float, ...]:
    """Give six digits of each: enough for an eye, and the same bytes everywhere."""
    return tuple(float(f"{value:.6g}") for value in values)
