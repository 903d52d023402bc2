"""How fast are scoring and a large order audit here, next to a plain loop in the same run?

    python benchmarks/speed.py [--json] [--texts 400] [--rows 100000]

The peer of scoring is what the published code does: one text after the other through ``model(...).logits`` and a
log-softmax over all of it. Both sides score the same texts with the same model on one thread; the ratio is what counts,
since machines differ. An audit of a million rows is ``--texts 1 --rows 1000000``: a minute and 4 GB are the limit.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from provenance import training
from provenance.audits import order
from provenance.records import Record, Score
from provenance.scoring import Scores
from provenance.suspects import causal_lm
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
    parser.add_argument("--texts", type=int, default=400, help="texts to score")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the order audit")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    figures = {**_scoring(asked.texts), **_order(asked.rows)}
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:>14,.3f}")


def _scoring(texts: int) -> dict[str, float]:
    model = training.new_model(training.Shape(layers=4, width=256, vocabulary=VOCABULARY, context=512), seed=0).eval()
    rng = np.random.default_rng(0)
    records = [
        Record(id=str(row), tokens=tuple(rng.integers(0, VOCABULARY, size=rng.integers(20, 257)).tolist()))
        for row in range(texts)
    ]
    ours = causal_lm.CausalLM(
        model=model,
        encoder=None,
        identity={},
        tokenizer=None,
        context=512,
        batch_tokens=8192,
        plain_head=True,
    )
    tokens = sum(len(record.tokens or ()) for record in records)
    fast, answers = _timed(lambda: [score.logprob for score in ours.score(records, window=None, progress=_quiet)])
    slow, peers = _timed(lambda: [_plainly(model, record) for record in records])
    return {
        "scoring_tokens_per_s": tokens / fast,
        "plain_loop_tokens_per_s": tokens / slow,
        "scoring_speedup": slow / fast,
        "scoring_max_abs_diff": max(float(np.abs(a - b).max()) for a, b in zip(answers, peers, strict=True)),
    }


def _plainly(model: Any, record: Record) -> Any:
    ids = torch.tensor([record.tokens])
    with torch.inference_mode():
        logs = model(input_ids=ids).logits.float().log_softmax(dim=-1)
    return logs[0, :-1].gather(1, ids[0, 1:, None])[:, 0].numpy()


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


def _quiet(_done: int, _total: int | None) -> None:
    return None


if __name__ == "__main__":
    main()
