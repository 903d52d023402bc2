"""What happens between a p-value and a verdict: several claims, intervals, and gates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from picturing import colours
from provenance.stats import multiplicity, roc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PVALUES = (0.0001, 0.0004, 0.0006, 0.02, 0.3)
ALPHA = 0.001
SIZES = (5, 10, 20, 50, 100, 200, 500)
SHIFT = 0.5
"""Standard deviations between the two groups."""
TRUTH = 0.638
"""AUROC of two such groups: Φ(.5/√2)."""
CALIBRATION = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
GATED = {
    "books shuffled whole, not recorded": "chunks of the same books, not recorded",
    "drift: the reference sees it, .5": (
        "content drifting along the run: what the reference finds easy, correlation 0.5"
    ),
    "drift: a third model's, poor reference, .5": (
        "content drifting along the run: what a third model finds easy, a poor reference, correlation 0.5"
    ),
    "drift: a third model's, poor reference, .2": (
        "content drifting along the run: what a third model finds easy, a poor reference, correlation 0.2"
    ),
    "drift: a third model's, good reference, .2": (
        "content drifting along the run: what a third model finds easy, a good reference, correlation 0.2"
    ),
    "nothing wrong: the same data in another order": "same data in another order",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table of calibration: shares of innocents at .05."""

    without: float
    """p below .05, gates aside."""
    accused: float
    inconclusive: float


def areas() -> list[roc.Area]:
    """AUROC of two groups half a standard deviation apart, of growing size."""
    rng = np.random.default_rng(5)
    return [roc.auroc(rng.standard_normal(size) + SHIFT, rng.standard_normal(size)) for size in SIZES]


def gated(audit: str = "order") -> dict[str, Row]:
    """Read the rows that are shown out of ``docs/calibration.md``."""
    rows = {}
    for line in CALIBRATION.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 6 and cells[0] == audit:  # noqa: PLR2004 (columns before the one that is read)
            accused = float(re.match(r"[\d.]+", cells[2])[0])  # type: ignore[index]
            rows[cells[1]] = Row(without=float(cells[5]), accused=accused, inconclusive=float(cells[6]))
    return {name: rows[scenario] for name, scenario in GATED.items()}


def paint_auroc(figure: Figure) -> None:
    """Show an AUROC's interval as the groups grow."""
    axes = figure.add_subplot()
    every = areas()
    for place, area in enumerate(every):
        axes.plot([place, place], [area.low, area.high], color=colours.CHANCE)
        axes.plot(place, area.value, "o", color=colours.CLAIM)
    axes.set_xlim(-0.5, len(SIZES) + 0.7)
    colours.level(axes, 0.5, "no difference: .5", at=len(SIZES) - 0.6)
    colours.level(axes, TRUTH, "true value: .638", at=len(SIZES) - 0.6)
    axes.set_xticks(range(len(SIZES)), [f"{size} + {size}" for size in SIZES])
    colours.label(axes, title="AUROC with its 95 % interval", x="members + non-members", y="AUROC")


def paint_holm(figure: Figure) -> None:
    """Show five p-values before and after Holm's adjustment."""
    axes = figure.add_subplot()
    adjusted = multiplicity.holm([float(np.log10(value)) for value in PVALUES])
    for place, (value, after) in enumerate(zip(PVALUES, adjusted, strict=True), start=1):
        axes.plot([place, place], [np.log10(value), after], color=colours.GREY, linewidth=1)
        axes.plot(place, np.log10(value), "o", color=colours.CHANCE, label="alone" if place == 1 else None)
        axes.plot(place, after, "o", color=colours.CLAIM, label="adjusted for five" if place == 1 else None)
        axes.annotate(f"×{len(PVALUES) + 1 - place}", (place, after), xytext=(7, -3), textcoords="offset points")
    colours.level(axes, float(np.log10(ALPHA)), "α = .001", at=4.6)
    axes.legend(loc="lower right")
    axes.set_xticks(range(1, 6))
    colours.label(axes, title="Holm: the i-th smallest of five is multiplied by 6 − i", x="claim", y="log10 p")


def paint_gates(figure: Figure) -> None:
    """Show, of innocents at .05, how many p-values are small, and how many end as false evidence."""
    axes = figure.add_subplot()
    rows = gated()
    places = np.arange(len(rows))[::-1]
    axes.barh(places + 0.2, [row.without for row in rows.values()], height=0.38, color=colours.CHANCE, label="p ≤ .05")
    axes.barh(
        places - 0.2, [row.accused for row in rows.values()], height=0.38, color=colours.CLAIM, label="false evidence"
    )
    axes.axvline(0.05, color=colours.GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_yticks(places, list(rows))
    axes.legend(loc="center right")
    colours.label(axes, title="Order audits of innocents, at .05", x="share", y="")
