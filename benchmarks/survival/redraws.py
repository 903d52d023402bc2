"""How often would an audit accuse this null model, had its claim's randomness come out otherwise?

A null row has one p-value an audit; this gives many. What a suspect said stays as it is, and what makes the p-value
right is drawn anew, as in `benchmarks/calibration.py`: the order among the rows that were asked, the published variant
of every document, the members. Only the test is made again, with fewer resamples, and not what stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import examples, selection, traces
from provenance.audits.membership import pools, replies, trials, weighing
from provenance.audits.overlap import holding
from provenance.stats import permutation, rank, redraw
from watermark import comparison, queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.audits.examples import Units
    from provenance.records import Document
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript
    from survival.asking import Bench

TIMES, RESAMPLES = 40, 199
LEVELS = (0.05, 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawing:
    """How a test is made again."""

    times: int = TIMES
    resamples: int = RESAMPLES


def hits(
    found: Bench, said: Mapping[str, Scores], texts: Sequence[Document], *, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Count, for each audit and level, the redraws whose p-value lies at or below it.

    Parameters
    ----------
    said
        What the suspect said, by audit.
    texts
        What it wrote.
    """
    how = Redrawing()
    pvalues = {
        "order": _order(found, said["order"], how, rng),
        "watermark": _watermark(found, said["watermark"], how, rng),
        "membership": _membership(found, said["membership"], how, rng),
        "overlap": _overlap(found, texts, how, rng),
    }
    return {audit: counted(list(given)) for audit, given in pvalues.items()}


def counted(pvalues: Sequence[float]) -> dict[str, Any]:
    """Count p-values at or below each level; rounding is no miss."""
    below = {f"{level:g}": sum(one <= level * (1 + 1e-9) for one in pvalues) for level in LEVELS}
    return {"of": len(pvalues), "hits": below}


def _order(found: Bench, said: Scores, how: Redrawing, rng: np.random.Generator) -> Iterator[float]:
    layout = selection.choose(found.transcript, found.chosen, seed=found.settings.seed)
    units = examples.gather(found.transcript, said, [found.references["order"]], layout=layout)
    return _shuffled(found.transcript, units, how, rng)


def _overlap(found: Bench, texts: Sequence[Document], how: Redrawing, rng: np.random.Generator) -> Iterator[float]:
    held = holding.scan(
        found.transcript.path,
        [one.text for one in texts],
        counting=holding.Counting(),
        progress=lambda _done, _total: None,
    )
    return _shuffled(held.transcript, holding.units(held, seed=found.settings.seed), how, rng)


def _shuffled(transcript: Transcript, units: Units, how: Redrawing, rng: np.random.Generator) -> Iterator[float]:
    """Shuffle positions within strata, as the run did: what is left of the scores does not hang on them."""
    trace = traces.compute(transcript, units, resamples=None, rng=rng)
    values, strata = rank.normal_scores(trace.residual), units.strata
    for _ in range(how.times):
        shuffled = np.lexsort((rng.random(len(strata)), strata))
        curves = np.empty_like(trace.curves)
        curves[np.argsort(strata, kind="stable")] = trace.curves[shuffled]
        yield permutation.family_test(values, curves, strata=strata, resamples=how.resamples, rng=rng).pvalue


def _watermark(found: Bench, said: Scores, how: Redrawing, rng: np.random.Generator) -> Iterator[float]:
    counts = queries.choose([found.book], most=None, seed=found.settings.seed).counts
    compared = comparison.compare(counts, said, [found.references["watermark"]], resamples=1, rng=rng)
    centred = redraw.centre(compared.residual)
    for _ in range(how.times):
        yield redraw.redraw_test(dealt(centred, rng), resamples=how.resamples, rng=rng).pvalue


def dealt(centred: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Let another variant of every document, drawn among all it has, be the published one."""
    drawn = rng.integers(0, np.sum(~np.isnan(centred), axis=1))
    exchanged, rows = centred.copy(), np.arange(len(centred))
    exchanged[rows, 0], exchanged[rows, drawn] = centred[rows, drawn], centred[:, 0]
    return exchanged


def _membership(found: Bench, said: Scores, how: Redrawing, rng: np.random.Generator) -> Iterator[float]:
    given = replies.gather(pools.join(*found.sides), said, [found.references["membership"]])
    table, pool = trials.prepare(given).table, given.pool
    for _ in range(how.times):
        sides = (rng.random(pool.clusters.max() + 1) < 1 / 2)[pool.clusters]
        yield weighing.weigh(table, replace(pool, sides=sides), resamples=how.resamples, rng=rng).exchange.pvalues[0]
