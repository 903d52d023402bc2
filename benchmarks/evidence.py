"""How many queries does a finding take, next to the statistics that papers publish, on the same answers?

    python benchmarks/evidence.py [--json] [--only order|watermark] [--keep FOLDER] [--corpus FILE] [--seed N]

Small models are trained in place: for the order a base model, four that were fine-tuned on ever more other data, one
whose run was mixed with other data, one of three epochs; for the watermark seven doses, from one to four epochs and
from 1 to 50 % of the training data. Each row tells how many texts the suspect must be asked until the median p is
below 1e-3 and 1e-8, by our defaults and by the published statistic (``queries/order.py``, ``queries/watermark.py``);
the ratios are geometric means over the settings. ``>`` marks numbers beyond what there was to ask, extrapolated.

It takes some 20 minutes on two cores and needs no network; with ``--keep`` models and answers are kept and used again.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queries import counting, order, settings, watermark, workshop

from cli.demo.run import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queries.counting import Needed
    from queries.workshop import Job

WORKERS = 2
LEVELS = ("1e-3", "1e-8")
KINDS = {
    "order": (settings.ORDER_REFERENCE, *settings.RUNS),
    "watermark": (settings.DOSE_REFERENCE, *settings.DOSES),
}
"""The models of each audit, the reference first."""


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as name:
        rows = measure(asked, folder=asked.keep or Path(name))
    found = {"seed": asked.seed, **ratios(rows), "settings": [_spelt(row) for row in rows]}
    print(json.dumps(found, indent=2) if asked.json else table(rows, ratios(rows)))


def measure(asked: argparse.Namespace, *, folder: Path) -> list[dict[str, Any]]:
    """Lay everything out, train and ask the models, and count."""
    if not (folder / "run-1.parquet").exists():
        print("gathering prose, marking, laying out", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        workshop.lay_out(folder, corpus=asked.corpus, seed=asked.seed)
    jobs = [
        workshop.Job(folder=folder, seed=asked.seed, model=model)
        for kind in asked.only or list(KINDS)
        for model in KINDS[kind]
    ]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        for done, name in enumerate(pool.map(workshop.run, jobs), start=1):
            print(f"{done}/{len(jobs)}  {name}", file=sys.stderr)
        return list(pool.map(count, [job for job in jobs if job.model.name != "reference"]))


def count(job: Job) -> dict[str, Any]:
    """Count the queries of one setting."""
    if isinstance(job.model, settings.Run):
        return order.measure(job.folder, job.model, seed=job.seed)
    return watermark.measure(job.folder, job.model, seed=job.seed)


def ratios(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Give the geometric means of ours over theirs, and what stands beside them."""
    given = dict[str, float]()
    for audit in sorted({row["audit"] for row in rows}):
        of = [row for row in rows if row["audit"] == audit]
        for index, level in enumerate(LEVELS):
            given[f"{audit}_{level}"] = counting.ratio([(row["ours"][index], row["published"][index]) for row in of])
            given[f"{audit}_{level}_evalue"] = counting.ratio(
                [(row["evalue"][index], row["published"][index]) for row in of]
            )
            if audit == "watermark":
                given[f"{audit}_{level}_heldout"] = counting.ratio(
                    [(row["ours"][index], row["heldout"][index]) for row in of]
                )
    return given


def table(rows: Sequence[dict[str, Any]], found: dict[str, float]) -> str:
    """Lay the figures out for people."""
    lines = [f"{'setting':38}{'p':>6}{'ours':>9}{'e-value':>9}{'published':>11}{'held out':>10}{'ratio':>8}"]
    for row in rows:
        for index, level in enumerate(LEVELS):
            ours, theirs = row["ours"][index], row["published"][index]
            held = _number(row["heldout"][index]) if "heldout" in row else ""
            lines.append(
                f"{row['audit'] + ': ' + row['setting']:38}{level:>6}{_number(ours):>9}"
                f"{_number(row['evalue'][index]):>9}{_number(theirs):>11}{held:>10}"
                f"{ours.queries / theirs.queries:>8.2f}"
            )
    return "\n".join([*lines, "", *(f"{name:32}{value:>8.3f}" for name, value in found.items())])


def _number(needed: Needed) -> str:
    return f"{'>' if needed.extrapolated else ''}{needed.queries:,.0f}"


def _spelt(row: dict[str, Any]) -> dict[str, Any]:
    """Give a row as JSON."""
    spelt = {key: value for key, value in row.items() if isinstance(value, str)}
    for name in ("ours", "published", "evalue", "heldout"):
        for level, needed in zip(LEVELS, row.get(name, ()), strict=False):
            spelt[f"{name}_{level}"] = {"queries": round(needed.queries, 1), "extrapolated": needed.extrapolated}
    return spelt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--only", action="append", choices=list(KINDS), help="one audit (repeatable)")
    parser.add_argument("--keep", type=Path, help="folder for models and answers, used again where it has them")
    parser.add_argument("--corpus", type=Path, help="prose of your own; default: what is on this machine")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
