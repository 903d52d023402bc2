"""What if the things compared are few, or alike? Chunks of the same books, and a handful of re-runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from picturing import colours
from provenance.stats import clusters, tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

BOOKS, NULLS, RESAMPLES, ALPHA = 20, 300, 199, 0.05
CHUNKS = (1, 2, 5, 10, 20)
SHARED = 0.3
"""Share of the variance of a chunk that is its book's."""
RERUNS = (4, 9, 19, 49, 99, 199)


def rejected(chunks: int) -> tuple[float, float]:
    """Give the shares of nulls rejected at .05 by Welch's test on chunks, and by exchanging whole books."""
    rng = np.random.default_rng(chunks)
    books = np.repeat(np.arange(BOOKS), chunks)
    welch, exchanged = 0, 0
    for _ in range(NULLS):
        values = np.sqrt(SHARED) * rng.standard_normal(BOOKS)[books] + np.sqrt(1 - SHARED) * rng.standard_normal(
            len(books)
        )
        sides = rng.permutation(np.arange(BOOKS) < BOOKS // 2)[books]
        welch += _welch(values, sides) <= ALPHA
        test = clusters.exchange(values[:, None], sides, books, resamples=RESAMPLES, rng=rng)
        exchanged += test.pvalues[0] <= ALPHA
    return welch / NULLS, exchanged / NULLS


def below(level: float, reruns: Sequence[int]) -> tuple[list[float], list[float]]:
    """Give the share of nulls below a level when few normal re-runs are read off a normal: as published, and by t.

    As published: the difference to the mean of T others in units of their spread with ddof = 0. By t: the same in units
    of √(1 + 1/T) spreads with ddof = 1, looked up with T − 1 degrees of freedom, which is exact for normal numbers.
    """
    z = float(stats.norm.isf(level))
    normal = [10 ** tails.t_log10_sf(z * np.sqrt((count - 1) / (count + 1)), count - 1) for count in reruns]
    exact = [10 ** tails.t_log10_sf(float(stats.t.isf(level, count - 1)), count - 1) for count in reruns]
    return normal, exact


def paint_clusters(figure: Figure) -> None:
    """Show how often innocents are accused as books are cut into more chunks."""
    axes = figure.add_subplot()
    shares = [rejected(chunks) for chunks in CHUNKS]
    axes.plot(CHUNKS, [welch for welch, _ in shares], "o-", color=colours.CLAIM, label="Welch's test, chunk by chunk")
    axes.plot(CHUNKS, [books for _, books in shares], "o-", color=colours.CHANCE, label="whole books exchanged")
    colours.level(axes, ALPHA, "level .05", at=17.5)
    axes.set_ylim(0, None)
    axes.legend(loc="upper left")
    colours.label(
        axes,
        title=f"{NULLS} innocents each: ten books on each side, drawn at random",
        x="chunks of each book",
        y="share accused",
    )


def paint_reruns(figure: Figure) -> None:
    """Show what few re-runs can say by rank, and what a normal tail makes of them."""
    left, right = figure.subplots(1, 2)
    left.plot(RERUNS, [1 / (count + 1) for count in RERUNS], "o-", color=colours.CLAIM)
    left.set(xscale="log", yscale="log")
    colours.level(left, 0.001, "α = .001 needs 999", at=4)
    colours.label(left, title="The smallest p that a rank can say", x="re-runs T", y="1/(T + 1)")
    for level, colour in ((0.01, colours.CHANCE), (0.001, colours.CLAIM)):
        normal, exact = below(level, RERUNS)
        right.plot(RERUNS, normal, "o-", color=colour, label=f"z off a normal, level {level:g}")
        right.plot(RERUNS, exact, color=colour, linestyle=(0, (2, 2)), label=f"t, level {level:g}")
    right.set(xscale="log", yscale="log")
    right.set_ylim(0.0007, 1.5)
    right.legend(loc="upper right")
    colours.label(right, title="Share of innocents below the level", x="re-runs T", y="share")


def _welch(values: NDArray[np.float64], sides: NDArray[np.bool_]) -> float:
    return float(stats.ttest_ind(values[sides], values[~sides], equal_var=False, alternative="greater").pvalue)
