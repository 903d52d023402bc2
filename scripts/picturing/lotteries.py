"""What would another deal have given? Tails of draws whose law is known, by four ways of computing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from picturing import colours
from provenance.stats import coins, redraw, tails

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

DOCUMENTS, RESAMPLES = 100, 9_999
SIDES = np.array([2] * 12 + [3] * 4)
AGREE = np.array([True] * 11 + [False] + [True] * 3 + [False])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """log10 p of one number of wins."""

    exact: float
    bound: float
    normal: float
    redrawn: float


def table(wins: int, documents: int = DOCUMENTS) -> NDArray[np.float64]:
    """Give centred scores of documents with one alternate each, of which so many prefer the published wording."""
    signs = np.where(np.arange(documents) < wins, 1.0, -1.0)
    return np.column_stack([signs, -signs])


def tails_of(wins: int, documents: int = DOCUMENTS) -> Tails:
    """Compute the chance of at least so many wins in four ways; every deal is a fair coin here."""
    centred = table(wins, documents)
    test = redraw.redraw_test(centred, resamples=RESAMPLES, rng=np.random.default_rng(0))
    return Tails(
        exact=float(stats.binom.logsf(wins - 1, documents, 0.5) / np.log(10)),
        bound=redraw.chernoff_log10(centred),
        normal=tails.normal_log10_sf((2 * wins - documents) / np.sqrt(documents)),
        redrawn=float(np.log10(test.pvalue)),
    )


def paint_tails(figure: Figure) -> None:
    """Show exact tail, bound, normal tail and redraws side by side, as the number of wins grows."""
    axes = figure.add_subplot()
    wins = np.arange(50, DOCUMENTS + 1, 2)
    rows = [tails_of(int(number)) for number in wins]
    axes.plot(wins, [row.redrawn for row in rows], color=colours.CLAIM, label=f"p by {RESAMPLES:,} redraws: decides")
    axes.plot(wins, [row.bound for row in rows], color=colours.CHANCE, label="Chernoff bound: rigorous")
    axes.plot(wins, [row.exact for row in rows], color=colours.THIRD, label="exact tail of 100 fair coins")
    axes.plot(
        wins,
        [row.normal for row in rows],
        color=colours.GREY,
        linestyle=(0, (2, 2)),
        label="normal tail: extrapolation",
    )
    colours.level(axes, -4, "floor: 1 in 10,000", at=85)
    axes.legend(loc="lower left")
    colours.label(
        axes,
        title="The same 100 documents, one alternate each, in four ways",
        x="documents whose published wording the model prefers",
        y="log10 p",
    )


def paint_coins(figure: Figure) -> None:
    """Show the law of the agreement of 16 coins, and what a text showed."""
    axes = figure.add_subplot()
    null = coins.coin_test(SIDES, AGREE, resamples=99_999, rng=np.random.default_rng(0))
    values, counts = np.unique(null.null, return_counts=True)
    shares = counts / counts.sum()
    extreme = values >= null.statistic
    axes.bar(values[~extreme], shares[~extreme], width=0.8, color=colours.CHANCE)
    axes.bar(values[extreme], shares[extreme], width=0.8, color=colours.CLAIM)
    tail = 10 ** coins.tail_log10(SIDES, AGREE)
    axes.annotate(
        f"14 of 16 coins agree:\nexact tail {tail:.5f}",
        (null.statistic, 0.0),
        xytext=(0, 60),
        textcoords="offset points",
        ha="center",
        arrowprops={"arrowstyle": "-", "color": colours.GREY},
    )
    colours.label(
        axes,
        title="Twelve coins of two sides and four of three, thrown anew",
        x="sum of k × [agrees] − 1",
        y="share of throws",
    )
