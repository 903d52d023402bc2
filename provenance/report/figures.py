"""What does each plot of an audit show, and how is it said to those who cannot see it?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from provenance.report import numbers, roc_figures, svg

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup
    from matplotlib.axes import Axes

    from provenance.evidence import Evidence, Plot

MOST_POINTS = 600
"""More than a line of this width can show."""
SHORT = 4
"""Below this power of ten a capital is written out."""
LARGE = 1000
"""From here on nobody reads what stands behind the point."""
OPEN_GROUND = 1.45
"""Room above the bars, as a multiple of the highest, where the mark of the observed value is named."""
MEMORY = {
    "order": (
        "Log-likelihood beyond expected",
        "Memory along the recorded run",
        (
            "How much likelier the model found the examples at each point of the run than their difficulty explains "
            "(running mean). A model that owes nothing to this order gives a flat line around 0."
        ),
    ),
    "overlap": (
        "Overlap beyond expected",
        "Overlap along the recorded run",
        (
            "How much more of the text the examples at each point of the run hold than their length and words explain "
            "(running mean of normal scores). A text that owes nothing to this order gives a flat line around 0."
        ),
    ),
}
"""What a residual is, by audit: the axis, the title, the caption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure, ready for the page."""

    title: str
    caption: str
    image: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sketch:
    """What is to be drawn, and what is said of it."""

    title: str
    caption: str
    alt: str
    paint: Callable[[Axes], None]


def draw(evidence: Evidence, *, name: str) -> list[Drawing]:
    """Draw every plot of an audit; identifiers in the page begin with `name`."""
    drawings = []
    sketches = (make(plot, evidence) for plot in evidence.plots or () for make in _SKETCHES.get(plot.name, (_unknown,)))
    for number, sketch in enumerate(sketches, start=1):
        image = svg.inline(sketch.paint, name=f"{name}-{number}", alt=sketch.alt)
        drawings.append(Drawing(title=sketch.title, caption=sketch.caption, image=image))
    return drawings


def _residual(plot: Plot, evidence: Evidence) -> _Sketch:
    measured, title, caption = MEMORY.get(evidence.audit, MEMORY["order"])

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=svg.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _line_with_band(axes, plot)
        axes.set_xlabel("Position in the recorded run (0 % start, 100 % end)")
        axes.set_ylabel(measured)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        axes.set_xlim(0, max(1.0, *plot.x))

    return _Sketch(
        title=title,
        caption=caption + (" The band is the interval of the mean." if plot.low else ""),
        alt=f"Running mean of the residual against the position in the run: {_course(plot)}.",
        paint=paint,
    )


def _null(plot: Plot, evidence: Evidence) -> _Sketch:
    observed = evidence.statistic.value

    def paint(axes: Axes) -> None:
        edges = _edges(plot.x)
        axes.stairs(plot.y, edges, fill=True, color=svg.MUTED, alpha=0.55)
        axes.axvline(observed, color=svg.ACCENT, linewidth=2.2)
        span = (min(edges[0], observed), max(edges[-1], observed))
        margin = 0.04 * ((span[1] - span[0]) or 1.0)
        axes.set_xlim(span[0] - margin, span[1] + margin)
        axes.set_ylim(0, OPEN_GROUND * max(*plot.y, 1.0))
        right = observed > sum(span) / 2
        shift = (-6 if right else 6, -4)
        axes.annotate(
            f"observed\n{_short(observed)}",
            (observed, 1),
            xycoords=("data", "axes fraction"),
            xytext=shift,
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            color=svg.ACCENT,
            fontweight="bold",
        )
        axes.set_xlabel("Value of the statistic")
        axes.set_ylabel("Redraws by chance")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))

    return _Sketch(
        title="What chance gives, and what was observed",
        caption="The bars count what the statistic is when chance alone deals; the line is what this audit observed. "
        "The further the line stands to the right of all bars, the rarer such a result is by chance.",
        alt=f"Histogram of the statistic under chance, from {_short(min(plot.x))} to {_short(max(plot.x))}, "
        f"most often near {_short(plot.x[int(np.argmax(plot.y))])}; the observed value is {_short(observed)}.",
        paint=paint,
    )


def _ranks(plot: Plot, evidence: Evidence) -> _Sketch:
    del evidence
    expected = float(np.mean(plot.y))

    def paint(axes: Axes) -> None:
        axes.bar(plot.x, plot.y, width=0.72, color=svg.ACCENT, alpha=0.75)
        axes.axhline(expected, color=svg.INK, linewidth=1.4, linestyle=(0, (5, 3)))
        axes.set_ylim(0, OPEN_GROUND * max(*plot.y, 1.0) / 1.2)
        axes.annotate(
            f"by chance {_short(expected)}",
            (1, expected),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 4),
            textcoords="offset points",
            ha="right",
            va="bottom",
            bbox={"facecolor": "none", "edgecolor": "none"},
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("Private wordings that the published one beats")
        axes.set_ylabel("Documents")

    return _Sketch(
        title="How often the published wording beats the private ones",
        caption="For every document: how many of its private wordings the model finds less likely than the published "
        "one. By chance all numbers are equally frequent (dashed line); a model that met the release leans right.",
        alt="Bar chart of how many private wordings the published one beats: "
        + ", ".join(f"{_short(x)} beaten: {_short(y)}" for x, y in zip(plot.x[:12], plot.y[:12], strict=True))
        + f"; {_short(expected)} expected by chance.",
        paint=paint,
    )


def _growth(plot: Plot, evidence: Evidence) -> _Sketch:
    needed = -float(np.log10(evidence.alpha))

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=svg.MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.axhline(needed, color=svg.INK, linewidth=1, linestyle=(0, (1, 2)))
        _line_with_band(axes, plot)
        axes.set_xlabel("Documents or rows asked")
        axes.set_ylabel("Stake multiplied by")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))

    return _Sketch(
        title="A bet against chance, question by question",
        caption="What became of a stake of 1 bet against chance. If chance alone is at work it is not expected to grow "
        f"(dashed line); at the dotted line it has grown {_power(needed)}-fold, this audit’s own level.",
        alt=f"Decimal logarithm of the capital of the bet against the number of rows asked: {_course(plot)}.",
        paint=paint,
    )


def _roc(plot: Plot, evidence: Evidence) -> _Sketch:
    del evidence
    return _Sketch(
        title=roc_figures.TITLE,
        caption=roc_figures.CAPTION,
        alt=roc_figures.spoken(plot),
        paint=lambda axes: roc_figures.paint(axes, plot),
    )


def _small_rates(plot: Plot, evidence: Evidence) -> _Sketch:
    return replace(
        _roc(plot, evidence),
        title=roc_figures.SMALL_TITLE,
        caption=roc_figures.SMALL_CAPTION,
        paint=lambda axes: roc_figures.paint_small(axes, plot),
    )


def _unknown(plot: Plot, evidence: Evidence) -> _Sketch:
    del evidence

    def paint(axes: Axes) -> None:
        _line_with_band(axes, plot)
        axes.set_xlabel("x")
        axes.set_ylabel("y")

    return _Sketch(title=plot.name, caption="As given in the evidence.", alt=f"Line: {_course(plot)}.", paint=paint)


_SKETCHES: dict[str, tuple[Callable[[Plot, Evidence], _Sketch], ...]] = {
    "residual-by-position": (_residual,),
    "permutation-null": (_null,),
    "rank-histogram": (_ranks,),
    "evalue-growth": (_growth,),
    "roc": (_roc, _small_rates),
}
"""How a plot is drawn, by its name: some in two ways."""


def _line_with_band(axes: Axes, plot: Plot) -> None:
    kept = np.unique(np.linspace(0, len(plot.x) - 1, MOST_POINTS).astype(int))
    x, y = np.asarray(plot.x)[kept], np.asarray(plot.y)[kept]
    if plot.low is not None and plot.high is not None:
        low, high = np.asarray(plot.low)[kept], np.asarray(plot.high)[kept]
        axes.fill_between(x, low, high, color=svg.ACCENT, alpha=0.18, linewidth=0)
    axes.plot(x, y, color=svg.ACCENT, linewidth=2, marker="o" if len(kept) == 1 else "")


def _edges(centres: tuple[float, ...]) -> list[float]:
    middle = [(a + b) / 2 for a, b in itertools.pairwise(centres)]
    first, last = (2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]) if middle else (-0.5, 0.5)
    return [first, *middle, last] if middle else [centres[0] + first, centres[0] + last]


def _course(plot: Plot) -> str:
    least, most = int(np.argmin(plot.y)), int(np.argmax(plot.y))
    return (
        f"starts at {_short(plot.y[0])}, ends at {_short(plot.y[-1])}; "
        f"lowest {_short(plot.y[least])} at {_short(plot.x[least])}, "
        f"highest {_short(plot.y[most])} at {_short(plot.x[most])}"
    )


def _power(log10: float) -> str:
    if abs(log10) < SHORT or not float(log10).is_integer():
        return f"{10**log10:,.4g}"
    return f"10{str(int(log10)).translate(numbers.RAISED)}"


def _short(value: float) -> str:
    whole = float(value).is_integer() or abs(value) >= LARGE
    return (f"{value:,.0f}" if whole else f"{value:.3g}").replace("-", "−")
