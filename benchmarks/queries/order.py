"""How many rows must a model be asked before its order shows?

Ours: `audit order --queries N` with one reference, by its defaults. Theirs: as many rows drawn at random, Spearman on
suspect minus reference. Both look at the same answers of the same two models, and both of their far tails are
asymptotic; at 1e-3 ours is the permutation p that decides.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import scoring
from provenance.audits import order, signals
from provenance.audits.selection import Selection
from provenance.records import generator
from provenance.transcripts import tables
from queries import counting, published, settings, workshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from queries.settings import Run

DRAWS = 25
RESAMPLES = 1_999
TARGETS = (-3.0, -8.0)


def measure(folder: Path, setting: Run, *, seed: int) -> dict[str, Any]:
    """Count the queries that ours and theirs need in one setting."""
    job = workshop.Job(folder=folder, seed=seed, model=setting)
    reference = workshop.Job(folder=folder, seed=seed, model=settings.ORDER_REFERENCE)
    transcript = tables.read(folder / f"run-{setting.epochs}.parquet")
    scores, other = scoring.read(job.scores), scoring.read(reference.scores)
    most = len(transcript.ids)

    @functools.cache
    def ours(queries: int, draw: int) -> tuple[float, float, float]:
        chosen = Selection(queries=queries)
        found = order.audit(transcript, scores, references=[other], resamples=RESAMPLES, seed=draw, selection=chosen)
        assert found.asymptotic is not None
        assert found.evalue is not None
        return found.log10_pvalue, found.asymptotic.log10_pvalue, -found.evalue.log10_max

    def count(log10_p: Callable[[int, int], float], target: float) -> counting.Needed:
        return counting.needed(counting.curve(log10_p, most=most, draws=DRAWS, target=target), target=target)

    last = np.array([times.max() for times in transcript.positions], dtype=np.float64)
    theirs = functools.partial(_spearman, last, signals.mean_logprob(scores) - signals.mean_logprob(other), seed)
    return {
        "audit": "order",
        "setting": setting.name,
        "ours": [count(lambda *at: ours(*at)[0], TARGETS[0]), count(lambda *at: ours(*at)[1], TARGETS[1])],
        "published": [count(theirs, target) for target in TARGETS],
        "evalue": [count(lambda *at: ours(*at)[2], target) for target in TARGETS],
    }


def _spearman(last: np.ndarray[Any, Any], gaps: np.ndarray[Any, Any], seed: int, queries: int, draw: int) -> float:
    rows = generator(seed, "published", str(queries), str(draw)).permutation(len(last))[:queries]
    return published.spearman_log10(last[rows], gaps[rows])
