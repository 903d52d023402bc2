"""What do the tests look like? The pictures of ``docs/statistics.md``, drawn from the tool's own public functions.

    python scripts/pictures.py [--out docs/pictures]

Colours are readable on light and on dark pages, letters are the page's, and the bytes are the same each time.
"""

from __future__ import annotations

import argparse
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from picturing import bets, lotteries, peers, shuffles, verdicts
from picturing.colours import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable

OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PICTURES: dict[str, Callable[[Figure], None]] = {
    "permutation": shuffles.paint_arrangements,
    "recency": shuffles.paint_family,
    "redraw": lotteries.paint_tails,
    "coins": lotteries.paint_coins,
    "betting": bets.paint_capital,
    "looks": bets.paint_looks,
    "clusters": peers.paint_clusters,
    "reruns": peers.paint_reruns,
    "auroc": verdicts.paint_auroc,
    "holm": verdicts.paint_holm,
    "gates": verdicts.paint_gates,
}
SIZE = (7.2, 3.4)
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
DECIMALS = re.compile(r"(?<=[\d\s\"(,-])(\d+\.\d\d)\d+(?=[^<>]*>)")
"""Digits beyond a hundredth of a point, inside tags: nobody sees them, and processors differ there."""


def draw(paint: Callable[[Figure], None]) -> str:
    """Draw one picture and give its SVG."""
    stream = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the reader's must not change the bytes
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=SIZE, layout="constrained")
        paint(figure)
        figure.savefig(stream, format="svg", metadata=NO_METADATA)
    return re.sub(r"[ \t]+$", "", DECIMALS.sub(r"\1", stream.getvalue()), flags=re.MULTILINE)


def file_name(name: str) -> str:
    """Name the file of a picture."""
    return f"statistics-{name}.svg"


def main() -> None:
    """Draw every picture and say where each lies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the pictures (docs/pictures)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, paint in PICTURES.items():
        path = out / file_name(name)
        path.write_text(draw(paint), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
