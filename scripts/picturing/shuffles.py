"""What would other orders have given? All arrangements of five rows, and the family of curves on a planted trace."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from picturing import colours
from provenance.stats import permutation, rank, recency

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

REMEMBERED = (1.0, 2.0, 4.0, 3.0, 5.0)
"""How well each of five rows is remembered, in the order in which the run saw them."""
ROWS, RESAMPLES, FADE, STRENGTH = 2_000, 1_999, 0.05, 0.8


def statistic(remembered: tuple[float, ...]) -> float:
    """Sum up place × how well it is remembered."""
    return float(sum(place * value for place, value in enumerate(remembered, start=1)))


def arrangements() -> NDArray[np.float64]:
    """Give the statistic under each of the 120 orders of five rows, the observed one first."""
    orders = itertools.permutations(range(5))
    return np.array([statistic(tuple(REMEMBERED[row] for row in order)) for order in orders])


def enumerated_pvalue() -> float:
    """Give the exact p: the share of all orders that give at least as much, the observed one among them."""
    every = arrangements()
    return permutation.pvalue(float(every[0]), every[1:], scale=float(every[0]))


def family() -> tuple[permutation.FamilyTest, permutation.FamilyTest]:
    """Test a trace that fades by e over a twentieth of a run: by the whole family, and by the straight line alone."""
    rng = np.random.default_rng(0)
    positions = [np.array([place]) for place in range(ROWS)]
    curves = recency.curves(positions, run_length=ROWS)
    trace = curves[:, recency.NAMES.index(f"exp(h={FADE})")]
    values = rank.normal_scores(STRENGTH * trace + rng.standard_normal(ROWS))
    strata = np.zeros(ROWS, dtype=np.int64)
    whole, line = (
        permutation.family_test(values, part, strata=strata, resamples=RESAMPLES, rng=np.random.default_rng(1))
        for part in (curves, curves[:, :1])
    )
    return whole, line


def paint_arrangements(figure: Figure) -> None:
    """Show the null distribution of five rows, and where the observed order stands in it."""
    every = arrangements()
    values, counts = np.unique(every, return_counts=True)
    extreme = values >= every[0]
    axes = figure.add_subplot()
    axes.bar(values[~extreme], counts[~extreme], width=0.8, color=colours.CHANCE)
    axes.bar(values[extreme], counts[extreme], width=0.8, color=colours.CLAIM)
    inside = int(counts[extreme].sum())
    axes.annotate(
        f"{inside} of {len(every)} orders give {every[0]:.0f} or more:\np = {inside}/{len(every)} = "
        f"{enumerated_pvalue():.3f}",
        (float(every[0]), float(counts[extreme].max())),
        xytext=(55, 12.5),
        textcoords="data",
        ha="right",
        arrowprops={"arrowstyle": "-", "color": colours.GREY},
    )
    axes.set_ylim(0, 15)
    colours.label(
        axes,
        title="All 120 orders in which five rows could have been read",
        x="statistic: sum of place × how well it is remembered",
        y="orders",
    )


def paint_family(figure: Figure) -> None:
    """Show the curves, and the null of the largest of their statistics beside that of one alone."""
    left, right = figure.subplots(1, 2)
    places = np.arange(400)
    curves = recency.curves([np.array([place]) for place in places], run_length=400)
    for column, name in enumerate(recency.NAMES):
        straight = column == 0
        left.plot(
            places / 400,
            curves[:, column],
            color=colours.CLAIM if straight else colours.CHANCE,
            linewidth=1.3,
            label=name,
        )
    left.annotate("linear", (0.3, 0.42), color=colours.CLAIM)
    left.annotate("exponential,\nh = .5 to .01", (0.02, 0.62), color=colours.CHANCE)
    colours.label(left, title="Seven ways in which a run may be remembered", x="place in the run", y="weight")
    whole, line = family()
    bins = np.linspace(-4, 4.5, 35).tolist()
    right.hist(line.null, bins=bins, color=colours.GREY, alpha=0.6, label="one curve")
    right.hist(whole.null, bins=bins, color=colours.CHANCE, alpha=0.7, label="largest of seven")
    right.axvline(whole.statistic, color=colours.CLAIM)
    right.axvline(line.statistic, color=colours.CLAIM, linestyle=(0, (2, 2)))
    right.set(xlim=(-4, 8), ylim=(0, 330))
    right.annotate(f" largest: {whole.statistic:.1f}", (whole.statistic, 300), color=colours.CLAIM)
    right.annotate(f" linear: {line.statistic:.1f}", (line.statistic, 265), color=colours.CLAIM)
    right.legend(loc="upper left", bbox_to_anchor=(0, 1))
    colours.label(right, title=f"{RESAMPLES:,} shuffles", x="standardised statistic", y="shuffles")
