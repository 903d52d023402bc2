"""What does the histogram of acceptability show, and how is it said to those who cannot see it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from provenance.report import numbers, svg
from provenance.report.figures import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from watermark.fidelity.tally import Acceptability


def draw(accepted: Acceptability) -> Drawing:
    """Draw how many changes there are at each level of acceptability."""
    bins = len(accepted.histogram)

    def paint(axes: Axes) -> None:
        left = [number / bins for number in range(bins)]
        axes.bar(left, accepted.histogram, width=0.94 / bins, align="edge", color=svg.ACCENT, alpha=0.75)
        axes.axvline(accepted.mean, color=svg.INK, linewidth=1.4, linestyle=(0, (5, 3)))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.15 * max(accepted.histogram))
        axes.annotate(
            f"mean {accepted.mean:.2f}",
            (accepted.mean, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-5, -3),
            textcoords="offset points",
            ha="right",
            va="top",
        )
        axes.set_xlabel("Probability that a reader accepts the change")
        axes.set_ylabel("Changes")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")

    return Drawing(
        title="How acceptable the changes are",
        caption="Each bar counts the changes whose estimated probability of being accepted by a reader lies there. "
        "The dashed line is their mean.",
        image=svg.inline(paint, name="acceptability", alt=_alt(accepted)),
    )


def _alt(accepted: Acceptability) -> str:
    bins = len(accepted.histogram)
    counted = ", ".join(
        f"{number / bins:g} to {(number + 1) / bins:g}: {numbers.count(count)}"
        for number, count in enumerate(accepted.histogram)
        if count
    )
    return f"Histogram of acceptability, mean {accepted.mean:.2f}. Changes in each tenth: {counted}."
