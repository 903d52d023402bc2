"""How fast is a large order audit here, and how much memory does it take?

    python benchmarks/speed.py [--json] [--rows 100000]

A million rows are ``--rows 1000000``; through the command line they took 30 s and 0.8 GB. Scoring is measured by
``scoring.py``.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import order
from provenance.records import Score
from provenance.scoring import Scores
from provenance.transcripts.tables import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

VOCABULARY = 8_192
WINDOW = 32
"""Tokens of a row of the order audit."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the order audit")
    asked = parser.parse_args()
    figures = _order(asked.rows)
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:>14,.3f}")


def _order(rows: int) -> dict[str, float]:
    """Audit a run of so many rows, once all is in memory; peak memory is that of the whole process."""
    rng = np.random.default_rng(0)
    positions, hard = rng.permutation(rows), rng.normal(size=rows)
    transcript = Transcript(
        path=Path("run.parquet"),
        sha256="run",
        ids=tuple(f"row-{row}" for row in range(rows)),
        positions=tuple(positions[:, None]),
        tokens=tuple(map(tuple, rng.integers(0, VOCABULARY, size=(rows, WINDOW)).tolist())),
        texts=(None,) * rows,
        strata=(None,) * rows,
        units=(None,) * rows,
        tokenizer=None,
        run_length=rows,
        position_unit="example",
        shuffle={"kind": "full"},
    )
    suspect = _answers(transcript, hard + 10 * positions / rows**1.5 + rng.normal(size=rows), name="suspect")
    reference = _answers(transcript, hard, name="reference")
    seconds, found = _timed(lambda: order.audit(transcript, suspect, references=[reference]))
    assert found.n == rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"order_rows": float(rows), "order_audit_s": seconds, "order_peak_gb": peak}


def _answers(transcript: Transcript, values: Any, *, name: str) -> Scores:
    answers = tuple(
        Score(id=id_, logprob=value) for id_, value in zip(transcript.ids, np.float32(values)[:, None], strict=True)
    )
    identity = {"suspect": name, "kind": "made up", "weights": name}
    return Scores(rows=answers, suspect=identity, rendering="sum", window=None, inputs={}, sha256=name)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
