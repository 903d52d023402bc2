"""How does a drawing become a part of the page: in its colours and letters, light or dark, and always the same bytes?

Matplotlib's object API only, never pyplot: nothing global is touched and no display is looked for.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

INK, MUTED, GRID, ACCENT = "#010101", "#020202", "#030303", "#040404"
"""Colours to draw in; on the page they are whatever the reader's light or dark mode makes of them."""
THEME = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--rule)", ACCENT: "var(--accent)"}
SIZE = (5.8, 3.9)
"""Inches of 72 units: wide enough to be exact, small enough to be read on a telephone."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "provtool",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that measures and bytes are the same everywhere
    "font.size": 12,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
DECIMALS = re.compile(r"(\d+\.\d)\d+")
TAG = re.compile(r"(?:<|\A)[^<>]*>")
"""What is no text: only there are digits cut, a label keeps its own."""
IDENTIFIER = re.compile(r'\bid="([^"]*)"')
REFERENCE = re.compile(r'url\(#([^)]*)\)|xlink:href="#([^"]*)"')
FONT = re.compile(r"font: ([\d.]+px) [^;\"]*")


def inline(paint: Callable[[Axes], None], *, name: str, alt: str) -> Markup:
    """Draw on fresh axes and give the SVG element, with `alt` for those who cannot see it.

    Parameters
    ----------
    name
        A word that no other drawing of the page has; its identifiers begin with it.
    """
    stream = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the reader's must not change the bytes
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=SIZE, layout="constrained")
        paint(figure.add_subplot())
        figure.savefig(stream, format="svg", metadata=NO_METADATA)
    drawn = stream.getvalue().decode()
    return Markup('<svg role="img" aria-label="{}" {}').format(alt, Markup(_adapt(drawn, name)))  # noqa: S704 (ours)


def _adapt(drawn: str, name: str) -> str:
    """Keep what follows ``<svg``, in the page's colours and letters, with identifiers of its own."""
    body = drawn[drawn.index("<svg ") + len("<svg ") :].strip()
    body = re.sub(r'^width="[^"]*" height="[^"]*" |(?<=" )width="[^"]*pt" |height="[^"]*pt" ', "", body)
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    for sentinel, colour in THEME.items():
        body = body.replace(sentinel, colour)
    body = IDENTIFIER.sub(rf'id="{name}-\1"', body)
    body = REFERENCE.sub(lambda found: _renamed(found, name), body)
    body = FONT.sub(r"font: \1 var(--sans)", body)
    body = TAG.sub(lambda tag: DECIMALS.sub(r"\1", tag[0]), body)
    return re.sub(r"\s*\n\s*", "\n", body)


def _renamed(found: re.Match[str], name: str) -> str:
    return f"url(#{name}-{found[1]})" if found[1] else f'href="#{name}-{found[2]}"'
