"""What does a bet against chance earn, and what does looking often cost a test that may not be looked at?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from picturing import colours
from provenance.stats import betting

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COINS, NULLS, SHOWN = 400, 2_000, 25
AGREES = 0.6
"""Chance that a coin agrees where the claim is true; by chance it is .5."""
ALPHA, FAIR = 0.05, 0.5
EVERY = 10
FIRST = 20
STEP = 4
"""Coins between two points of a path that is drawn."""


def capital(chance: float, *, seed: int) -> betting.Capital:
    """Bet on coins of two sides that agree with this chance."""
    agree = np.random.default_rng(seed).random(COINS) < chance
    return betting.coin_capital(np.full(COINS, 2), agree)


def looks() -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the looks, and the shares of nulls accused by each: by a fixed-size p at the looks, by a bet at any coin."""
    at = np.arange(FIRST, COINS + 1, EVERY)
    tosses = np.stack([np.random.default_rng(seed).random(COINS) < FAIR for seed in range(NULLS)])
    pvalues = stats.binom.sf(np.cumsum(tosses, axis=1)[:, at - 1] - 1, at, FAIR)
    accused = np.maximum.accumulate(pvalues <= ALPHA, axis=1).mean(axis=0)
    paths = np.stack([capital(FAIR, seed=seed).path for seed in range(NULLS)])
    reached = np.maximum.accumulate(paths >= -np.log(ALPHA), axis=1).mean(axis=0)
    return at, accused, reached[at - 1]


def paint_capital(figure: Figure) -> None:
    """Show the capital of bets against chance: many where chance is all there is, one where it is not."""
    axes = figure.add_subplot()
    read = np.arange(STEP, COINS + 1, STEP)
    for seed in range(SHOWN):
        axes.plot(
            read,
            capital(FAIR, seed=seed).path[STEP - 1 :: STEP] / np.log(10),
            color=colours.CHANCE,
            linewidth=0.7,
            alpha=0.7,
        )
    axes.plot(read, capital(AGREES, seed=1).path[STEP - 1 :: STEP] / np.log(10), color=colours.CLAIM, linewidth=2)
    axes.annotate("a text that carries the mark", (120, 1.9), color=colours.CLAIM, ha="right")
    axes.annotate(f"{SHOWN} texts that do not", (30, -1.9), color=colours.CHANCE)
    colours.level(axes, 3, "1/α for α = .001", at=2)
    axes.set_ylim(-2.3, 4)
    colours.label(axes, title="Capital of a bet at fair odds, from 1", x="coins read", y="log10 of the capital")


def paint_looks(figure: Figure) -> None:
    """Show how many innocents have been accused by each look, by a p of fixed size and by the bet."""
    axes = figure.add_subplot()
    at, accused, reached = looks()
    axes.plot(at, accused, color=colours.CLAIM, label="p of a fixed size, looked at every 10 coins")
    axes.plot(at, reached, color=colours.CHANCE, label="p = 1/(highest capital), looked at after every coin")
    colours.level(axes, ALPHA, "α = .05", at=380)
    axes.set_ylim(0, None)
    axes.legend(loc="upper left")
    colours.label(
        axes,
        title=f"{NULLS:,} innocents: share accused by the end of so many coins",
        x="coins read so far",
        y="share accused at least once",
    )
