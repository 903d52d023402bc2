"""In which colours and letters is drawn, so that both light and dark pages can be read?

Each colour has a contrast of at least 3 to white and to the dark page (#1e2129) of the site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY = "#7b8190", "#8a8f98"
CLAIM, CHANCE, THIRD = "#d2691e", "#3d85c6", "#2e9b6f"
"""What was observed, what chance gives, and whatever else is compared."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "provtool",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that measures and bytes are the same everywhere
    "font.size": 10,
    "axes.edgecolor": GREY,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.6,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


def label(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Say what is shown, and along which axes."""
    axes.set_title(title, loc="left")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def level(axes: Axes, value: float, text: str, *, at: float) -> None:
    """Draw the line of a level across, with its name at this place of the other axis."""
    axes.axhline(value, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(text, (at, value), xytext=(0, 3), textcoords="offset points", color=INK, fontsize=9)
