"""The matrix as a picture: what is left of each trace against what the change cost in quality."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from provenance import storage
from survival import asking, bases, last_phase, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ALPHA = 0.001
"""Level of a verdict, drawn as a line; the rank among a few re-runs has one of its own."""
LINEAR = 0.02
"""Up to which cost or gain, in nats a token, the axis is linear; beyond it is logarithmic."""
COLOURS, MARKERS, LINES = 10, "osD^v<>pX*", ("-", "--", ":")
"""Of equal colours, the marker and the kind of line tell which it is."""
NULL = "#b0b0b0"


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw one panel an audit: a line a derivation, its doses in order, and null rows in grey."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    settings = {"svg.hashsalt": "survival", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    costs = table.costs(rows)
    with mpl.rc_context(settings), storage.atomic(path) as temporary:
        figure, panels = plt.subplots(1, len(asking.AUDITS), figsize=(18, 5.6), layout="constrained")
        for panel, audit in zip(panels, asking.AUDITS, strict=True):
            _panel(panel, audit, rows, costs)
        panels[0].set_ylabel("log10 p beyond the floor (asymptotic; watermark: bound)")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
        figure.savefig(temporary, format="svg", metadata={"Date": None})
        plt.close(figure)


def _panel(panel: Any, audit: str, rows: Sequence[dict[str, Any]], costs: Sequence[float]) -> None:
    points = [
        (row["derivation"], row["start"] == bases.OURS, cost, _tail(row["audits"][audit]))
        for row, cost in zip(rows, costs, strict=True)
        if "log10_p" in row["audits"][audit]
    ]
    nulls = [(cost, tail) for _, ours, cost, tail in points if not ours]
    if nulls:
        panel.scatter(*zip(*nulls, strict=True), s=12, color=NULL, label="null rows")
    for number, name in enumerate(dict.fromkeys(row["derivation"] for row in rows)):
        line = [(cost, tail) for derivation, ours, cost, tail in points if ours and derivation == name]
        panel.plot(*zip(*line, strict=True), label=name, **_style(number))
    alpha = last_phase.ALPHA if audit == "reshuffle" else ALPHA
    panel.axhline(math.log10(alpha), color="black", lw=0.8, ls=(0, (1, 2)), label="level of a verdict")
    panel.set_xscale("symlog", linthresh=LINEAR)
    panel.axvline(0, color=NULL, lw=0.8)
    panel.set_title(audit)
    panel.set_xlabel("rise of held-out loss, nats a token (left of 0: better)")


def _style(number: int) -> dict[str, Any]:
    cycle = number // COLOURS
    marker = MARKERS[(number + 3 * cycle) % len(MARKERS)]
    return {"color": f"C{number % COLOURS}", "marker": marker, "ls": LINES[cycle % len(LINES)], "ms": 5, "lw": 1}


def _tail(numbers: dict[str, Any]) -> float:
    return float(numbers.get("log10_tail", numbers["log10_p"]))
