"""When is the order of a run evidence, though a model picked the run's data?

    python benchmarks/selection.py [--json] [--runs 8] [--pool 1280] [--picked 320] [--phases 3] [--seed 0]

Small models are trained in phases. A model of influence (MATES, arXiv 2406.06046) picks the rows of each phase but the
first from a pool of its own, so that what is late in the run is there for a reason. The order is then claimed in five
ways, two of which are true, and audited: against a model that derives from the run, and against innocents, who learned
the same rows in another order, more prose of the kind that was picked, or other prose. Printed is how often p is small,
how often that ends as evidence, and which gates spoke. Needs no network. Eight minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from selecting import claims, runs, stage, table
from selecting.settings import Settings

COMPARED = 6
"""Runs of which it is asked how far their picks hang on an order."""


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    torch.set_num_threads(1)
    settings = Settings(**{name: value for name, value in vars(asked).items() if name != "json"})
    with tempfile.TemporaryDirectory() as name:
        figures = measure(settings, folder=Path(name))
    print(json.dumps(figures, indent=2) if asked.json else table.markdown(figures))


def measure(settings: Settings, *, folder: Path) -> dict[str, Any]:
    """Make what runs share, conduct and audit them, and count."""
    began = time.monotonic()
    shared = stage.make(folder, settings)
    endings, wanted = list[claims.Ending](), list[tuple[float, ...]]()
    for number in range(settings.runs):
        run = runs.conduct(shared, number)
        endings += claims.audit(run, shared, folder)
        wanted.append(run.wanted)
        print(f"run {number + 1}/{settings.runs}  {time.monotonic() - began:.0f} s", file=sys.stderr)
    compared = [runs.shared(shared, number) for number in range(min(COMPARED, settings.runs))]
    return {
        "settings": asdict(settings),
        "seconds": round(time.monotonic() - began),
        "pools": float(shared.wanted.mean()),
        "wanted": np.mean(wanted, axis=0).tolist(),
        "shared": table.means(compared),
        "rows": table.rows(endings),
    }


def _arguments() -> argparse.Namespace:
    usual = Settings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--runs", type=int, default=usual.runs, help="runs with picks and orders of their own")
    parser.add_argument("--pool", type=int, default=usual.pool, help="rows that a phase may pick from")
    parser.add_argument("--picked", type=int, default=usual.picked, help="rows that it picks")
    parser.add_argument("--phases", type=int, default=usual.phases)
    parser.add_argument("--seed", type=int, default=usual.seed)
    return parser.parse_args()


if __name__ == "__main__":
    main()
