"""What survives of an order, a watermark and a membership when somebody changes the model?

    python benchmarks/survival/run.py [--json] [--only NAME] [--dose D] [--keep DIR] [--figure FILE] [--seed N]
                                     [--shape pythia-160m] [--device cuda]

One small model is trained on a recorded run that holds marked documents and drawn members. It is then changed in every
way of `survival.derivations`, at several doses, and asked by `audit order`, `audit watermark` and `audit membership`,
and what it writes by `audit overlap` and `audit reshuffle`; so are independent models that went through the same (null
rows). Each row tells what the change cost: the rise of the loss on held-out text, in nats a token. Needs no network.
With --keep, models and rows are kept, and the same command goes on where it was cut short, by Ctrl-C, SIGTERM or worse;
--kept prints what there is so far.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from cli import leaving
from cli.demo import prose
from cli.demo.run import ENVIRONMENT
from provenance import storage
from survival import bases, figure, last_phase, matrix, stage, table, workers
from survival.derivations import catalogue
from survival.settings import SHAPES, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
"""What is said to be measured on the CPU is, on a machine with a GPU too."""
GPU = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Without it, cuBLAS gives other last digits each time."""


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    os.environ.update(ENVIRONMENT)
    os.environ.update(GPU if asked.device == "cuda" else NO_GPU)
    settings = Settings(seed=asked.seed, device=asked.device, **SHAPES[asked.shape])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        found = measure(asked, settings, parent=asked.keep or Path(name))
    told = {"settings": asdict(settings), "seconds": round(time.monotonic() - began), "rows": found}
    if asked.figure:
        figure.draw(found, asked.figure)
    print(json.dumps(told, indent=2) if asked.json else table.markdown(found))


def measure(asked: argparse.Namespace, settings: Settings, *, parent: Path) -> list[dict[str, Any]]:
    """Lay out, train the bases, and measure every row that is not kept."""
    folder = stage.place(parent, settings, corpus=storage.digest(asked.corpus) if asked.corpus else None)
    folder.mkdir(parents=True, exist_ok=True)
    # Names of files are in the digests that draws are seeded by: from inside the folder they are the same everywhere.
    with contextlib.chdir(folder):
        return _inside(asked, settings, folder.resolve())


def _inside(asked: argparse.Namespace, settings: Settings, place: Path) -> list[dict[str, Any]]:
    folder = Path()
    if not (folder / stage.DONE).exists():
        print("gathering prose, marking, laying out", file=sys.stderr)
        stage.lay_out(prose.gather(asked.corpus, characters=settings.characters), folder, settings)
    if asked.kept:
        measured = matrix.kept(bases.nulls(asked.nulls), folder, settings)
        return [matrix.measure(row, folder, settings) for row in measured]
    rows = matrix.rows(bases.nulls(asked.nulls), only=asked.only or (), doses=asked.dose or ())
    try:
        with leaving.heeding(), workers.pool(asked.workers, place, device=settings.device) as pool:
            return _in(pool, rows, folder, settings)
    except KeyboardInterrupt as stop:
        kept = sum(matrix.finished(row, folder, settings) for row in rows)
        told = "the same command goes on" if asked.keep else "without --keep they are lost"
        print(f"interrupted: {kept} of {len(rows)} rows are measured; {told}", file=sys.stderr)
        raise SystemExit(leaving.code(stop)) from None


def _in(
    pool: concurrent.futures.Executor, rows: Sequence[matrix.Row], folder: Path, settings: Settings
) -> list[dict[str, Any]]:
    """Train what rows start from, then measure the rows, ours before the null ones; give them as they were listed."""
    names = list(dict.fromkeys([*bases.ROWS, *(row.start for row in rows)]))
    # The longest first.
    trained = {"reruns": pool.submit(last_phase.run_again, folder, settings)}
    trained |= {name: pool.submit(bases.train, name, folder, settings) for name in names}
    _as_done(trained, "trained")
    ordered = sorted(rows, key=lambda row: row.start != bases.OURS)
    futures = {row: pool.submit(matrix.measure, row, folder, settings) for row in ordered}
    _as_done({str(row): future for row, future in futures.items()}, "measured")
    return [futures[row].result() for row in rows]


def _as_done(futures: dict[str, concurrent.futures.Future[Any]], what: str) -> None:
    """Say on stderr what is done, as it is."""
    for done, future in enumerate(concurrent.futures.as_completed(futures.values()), start=1):
        came = future.result()
        told = matrix.described(came) if isinstance(came, dict) else came.name
        print(f"{what} {done}/{len(futures)}  {told}", file=sys.stderr)


def _path(text: str) -> Path:
    """Read a path that means the same in every folder."""
    return Path(text).resolve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--only", action="append", choices=list(catalogue.ALL), help="one derivation (repeatable)")
    parser.add_argument("--dose", action="append", type=float, help="in place of a derivation's own (repeatable)")
    parser.add_argument("--keep", type=_path, help="folder for models and rows, used again where it has them")
    parser.add_argument("--kept", action="store_true", help="measure nothing: print the rows that --keep has")
    parser.add_argument("--figure", type=_path, help="draw the matrix as SVG")
    parser.add_argument("--corpus", type=_path, help="prose of your own; default: what is on this machine")
    parser.add_argument("--nulls", type=int, default=8, help="independent models for the null rows")
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--shape", choices=list(SHAPES), default="small", help="of the models; a larger one needs a GPU"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where models are trained and asked")
    asked = parser.parse_args()
    if asked.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch sees none here; `provtool doctor` says what it sees")
    return asked


if __name__ == "__main__":
    main()
