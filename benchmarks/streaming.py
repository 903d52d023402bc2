"""Do a million short rows pass through score and order audit in memory that does not grow with them?

    python benchmarks/streaming.py [--json] [--rows 1000000] [--smaller 100000] [--ngram]

Every step is a command of its own, measured as a whole: seconds, peak memory, and how many bytes a row it takes beyond
the smaller run. The rows have 64 tokens; the suspect is a column with one number a row, and one with a number a token.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from provenance.records import Tokenizer
from provenance.transcripts import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

VOCABULARY, LENGTH, WINDOW = 8_192, 64, 32
AT_ONCE = 8_192
"""Rows made at once."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the larger run")
    parser.add_argument("--smaller", type=int, default=100_000, help="rows of the one it is compared with")
    parser.add_argument("--ngram", action="store_true", help="count and score with ngram: too")
    asked = parser.parse_args()
    figures = dict[str, float]()
    with tempfile.TemporaryDirectory() as folder:
        smaller, larger = (_passed(Path(folder), rows, ngram=asked.ngram) for rows in (asked.smaller, asked.rows))
    for name, (seconds, peak) in larger.items():
        beyond = (peak - smaller[name][1]) / (asked.rows - asked.smaller)
        figures |= {f"{name}_s": seconds, f"{name}_peak_gb": peak / 1e9, f"{name}_bytes_a_row": beyond}
    if asked.json:
        print(json.dumps({"rows": asked.rows, "smaller": asked.smaller, **figures}, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:36} {value:>14,.3f}")


def _passed(folder: Path, rows: int, *, ngram: bool) -> dict[str, tuple[float, float]]:
    """Give seconds and peak bytes of every step of a run of so many rows."""
    place = folder / str(rows)
    place.mkdir()
    run, numbers = place / "run.parquet", place / "numbers.parquet"
    make(run, numbers, rows=rows)
    commands = {"score": ["score", run, "--suspect", f"column:{numbers}:sum", "--out", place / "sum.parquet"]}
    commands["score_lists"] = ["score", run, "--suspect", f"column:{numbers}:each", "--out", place / "each.parquet"]
    for name, scores in (("audit", "sum"), ("audit_lists", "each")):
        commands[name] = ["audit", "order", run, "--scores", place / f"{scores}.parquet", "--out", place / "e.json"]
    if ngram:
        commands["ngram"] = ["ngram", run, "--out", place / "counts.parquet"]
        asked = f"ngram:{place / 'counts.parquet'}"
        commands["score_ngram"] = ["score", run, "--suspect", asked, "--out", place / "ngram.parquet"]
    return {name: _measured(command) for name, command in commands.items()}


def make(run: Path, numbers: Path, *, rows: int) -> None:
    """Write a transcript, and a table of likelihoods that kept something of its order."""
    rng = np.random.default_rng(0)
    positions = rng.permutation(rows)
    means = rng.normal(size=rows) + 10 * positions / rows**1.5 - 100
    vocabulary = Tokenizer(name="made up", sha256="0" * 64)
    tables.write(
        run,
        _examples(positions, rng),
        tokenizer=vocabulary,
        run_length=rows,
        position_unit="example",
        shuffle={"kind": "full"},
        inputs={},
    )
    schema = pa.schema([("id", pa.string()), ("sum", pa.float64()), ("each", pa.list_(pa.float32()))])
    with pq.ParquetWriter(numbers, schema) as writer:
        for first in range(0, rows, AT_ONCE):
            some = means[first : first + AT_ONCE]
            each = np.repeat(np.float32(some / WINDOW), WINDOW)
            lists = pa.ListArray.from_arrays(np.arange(0, len(each) + 1, WINDOW, dtype=np.int32), each)
            ids = [f"row-{row}" for row in range(first, first + len(some))]
            writer.write_batch(pa.record_batch([ids, some, lists], schema=schema))


def _examples(positions: Any, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for first in range(0, len(positions), AT_ONCE):
        some = positions[first : first + AT_ONCE].tolist()
        drawn = np.minimum(rng.geometric(0.002, size=(len(some), LENGTH)), VOCABULARY) - 1
        for row, (position, tokens) in enumerate(zip(some, drawn.tolist(), strict=True), start=first):
            yield {"id": f"row-{row}", "positions": [position], "tokens": tokens}


def _measured(command: list[Any]) -> tuple[float, float]:
    began = time.perf_counter()
    program = [sys.executable, "-c", "from cli.main import main; main()", *map(str, command)]
    process = subprocess.Popen(program, stderr=subprocess.PIPE)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(said.decode())
    return time.perf_counter() - began, usage.ru_maxrss * 1024.0


if __name__ == "__main__":
    main()
