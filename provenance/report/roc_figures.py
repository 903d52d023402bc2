"""How is a ROC curve drawn, and said to those who cannot see it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from provenance.report import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from provenance.evidence import Plot

TITLE = "Members found, and false alarms"
CAPTION = (
    "For every share of non-members that one is ready to take for members (across), the share of members found (up), "
    "on the half that nothing was learned from. The band is the interval of each point. By chance the curve is the "
    "dashed line."
)
SMALL_TITLE = "The same where false alarms are rare"
SMALL_CAPTION = (
    "The same curve with narrower steps to the left: an accusation needs few false alarms, and there a test may find "
    "much or nothing whatever its AUROC is."
)


def paint(axes: Axes, plot: Plot) -> None:
    """Draw the curve with its band and the line of chance."""
    _curve(axes, plot, chance=np.array([0.0, 1.0]))
    axes.set_xlim(0, 1)


def paint_small(axes: Axes, plot: Plot) -> None:
    """Draw the same on a logarithmic axis, which shows the small rates that matter."""
    _curve(axes, plot, chance=np.geomspace(plot.x[0], 1, 100) if 0 < plot.x[0] < 1 else np.array([0.5, 1]))
    axes.set_xscale("log")
    _in_percent(axes)


def _curve(axes: Axes, plot: Plot, *, chance: NDArray[np.float64]) -> None:
    x, y = np.asarray(plot.x), np.asarray(plot.y)
    if plot.low is not None and plot.high is not None:
        axes.fill_between(x, plot.low, plot.high, color=svg.ACCENT, alpha=0.18, linewidth=0, step="post")
    axes.plot(x, y, color=svg.ACCENT, linewidth=2, drawstyle="steps-post", marker="o" if len(x) == 1 else "")
    axes.plot(chance, chance, color=svg.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("Non-members taken for members")
    axes.set_ylabel("Members found")
    _in_percent(axes)


def _in_percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def spoken(plot: Plot) -> str:
    """Say where the curve runs."""
    at = np.searchsorted(plot.x, [0.01, 0.05, 0.1, 0.5])
    points = [(plot.x[place], plot.y[place]) for place in dict.fromkeys(at.tolist()) if place < len(plot.x)]
    found = ", ".join(f"{100 * y:.0f} % at {100 * x:.3g} %" for x, y in points)
    return f"Curve of members found against non-members taken for members: {found}."
