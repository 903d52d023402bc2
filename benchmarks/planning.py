"""Does an audit find what its plan promised? Planted traces, audited as planned, beside the forecast.

For each effect the plan gives a number of rows or documents for a power of .8 at a level of .01. As many are made with
a trace of that size and audited, by the test with a fixed number and by the bet, many times over.

    python benchmarks/planning.py [--audits 200] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from provenance.audits import planning, residuals, sizing
from provenance.stats import betting, permutation, rank, recency, redraw
from watermark import planning as marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.plans import Plan

RHOS = (0.05, 0.1, 0.2)
WIN_RATES = (0.55, 0.6, 0.7, 0.8)
ALPHA, POWER, RESAMPLES = 0.01, 0.8, 999
GOAL = sizing.Goal(family=("suspect",), power=POWER, alpha=ALPHA)
EARLY = sizing.Goal(family=("suspect",), power=POWER, alpha=ALPHA, stop_early=True)


def order(rho: float, *, audits: int, rng: np.random.Generator) -> dict[str, float]:
    """Audit runs whose residuals rise linearly along the run."""
    fixed, early = planning.order(GOAL, effect=rho), planning.order(EARLY, effect=rho)
    pvalues = [_order_pvalue(*_run(fixed.needed, rho, rng), rng) for _ in range(audits)]
    # A run is longer than what is asked of it: the bet does not know the last positions by elimination.
    stops = [_order_stop(*_run(2 * early.needed, rho, rng)) for _ in range(audits)]
    return _row("order", rho, plans=(fixed, early), pvalues=pvalues, stops=stops)


def watermark(win_rate: float, *, audits: int, rng: np.random.Generator) -> dict[str, float]:
    """Audit releases whose published variants lead by as much as this win rate says."""
    fixed, early = marks.watermark(GOAL, effect=win_rate), marks.watermark(EARLY, effect=win_rate)
    deals = [_deal(fixed.needed, win_rate, rng) for _ in range(audits)]
    pvalues = [redraw.redraw_test(deal, resamples=RESAMPLES, rng=rng).pvalue for deal in deals]
    paths = [betting.redraw_capital(_deal(2 * early.needed, win_rate, rng)).path for _ in range(audits)]
    return _row("watermark", win_rate, plans=(fixed, early), pvalues=pvalues, stops=[_first(path) for path in paths])


def _row(
    audit: str, effect: float, *, plans: tuple[Plan, Plan], pvalues: list[float], stops: list[float]
) -> dict[str, float]:
    fixed, early = plans
    return {
        "audit": audit,
        "effect": effect,
        "planned": fixed.needed,
        "found": float(np.mean(np.array(pvalues) <= ALPHA)),
        "planned_early": early.needed,
        "found_early": float(np.mean(np.array(stops) <= early.needed)),
        "median_stop": float(np.median(stops)),
    }


def _run(n: int, rho: float, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places = rng.permutation(n)
    r = rho * math.sqrt(math.pi / 3)
    values = r * ((places + 0.5) / n - 0.5) * math.sqrt(12) + math.sqrt(1 - r * r) * rng.standard_normal(n)
    return recency.curves([np.array([place]) for place in places], run_length=n), values


def _order_pvalue(curves: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator) -> float:
    alike = np.zeros(len(values), dtype=np.int64)
    scores = rank.normal_scores(values)
    return permutation.family_test(scores, curves, strata=alike, resamples=RESAMPLES, rng=rng).pvalue


def _order_stop(curves: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    nothing = np.empty((len(values), 0))
    bets = residuals.sequential_bets(values, residuals.Predictors(references=nothing, features=nothing))
    return _first(betting.order_capital(bets, curves, strata=np.zeros(len(values), dtype=np.int64)).path)


def _deal(documents: int, win_rate: float, rng: np.random.Generator) -> NDArray[np.float64]:
    scores = rng.standard_normal((documents, 2))
    scores[:, 0] += math.sqrt(2) * float(special.ndtri(win_rate))
    return redraw.centre(scores)


def _first(path: NDArray[np.float64]) -> float:
    reached = path >= -math.log(ALPHA)
    return float(reached.argmax() + 1) if reached.any() else math.inf


def main() -> None:
    """Print one row an effect."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = [order(rho, audits=given.audits, rng=rng) for rho in RHOS]
    rows += [watermark(rate, audits=given.audits, rng=rng) for rate in WIN_RATES]
    if given.json:
        print(json.dumps({"alpha": ALPHA, "power": POWER, "audits": given.audits, "rows": rows}, indent=2))
        return
    print("audit      effect  planned  found  planned early  found  median stop")
    for row in rows:
        print(
            f"{row['audit']:<10} {row['effect']:>6} {row['planned']:>8,} {row['found']:>6.2f}"
            f" {row['planned_early']:>14,} {row['found_early']:>6.2f} {row['median_stop']:>12,.0f}"
        )


if __name__ == "__main__":
    main()
