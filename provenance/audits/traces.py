"""What do a suspect's answers keep of an order? Residuals, the recency test, the bet, and how large the trace is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from provenance import ragged
from provenance.audits import decision, gates, plots, reliance, residuals
from provenance.errors import InputError
from provenance.evidence import Auroc, Effect, Gate, LogP, Plot, TprAtFpr
from provenance.stats import betting, permutation, rank, recency, roc, tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.audits.examples import Units
    from provenance.transcripts.tables import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that was computed about one suspect, before words are put to it."""

    units: Units
    curves: NDArray[np.float64]
    residual: NDArray[np.float64]
    statistic: float
    """The largest standardised member of the recency family."""
    member: int
    """Which that is."""
    test: permutation.FamilyTest | None
    """Its p-value; none where asking stopped at what was seen."""
    log10_floor: float
    """Chance of any one arrangement of what was shuffled."""
    capital: betting.Capital
    last: NDArray[np.float64]
    """Last position of each unit as a share of the run, shape ``(n,)``."""


def compute(transcript: Transcript, units: Units, *, resamples: int | None, rng: np.random.Generator) -> Trace:
    """Compute all that an order audit says; None for `resamples` leaves the permutation test out."""
    curves = recency.curves(units.positions, run_length=transcript.run_length)
    if not np.ptp(curves, axis=0).any():
        raise InputError("positions are all equal", path=transcript.path, expected="an order")
    residual = residuals.crossfit(units.scores, _predictors(units))
    values, test = rank.normal_scores(residual), None
    if resamples is not None:
        test = permutation.family_test(values, curves, strata=units.strata, resamples=resamples, rng=rng)
        z, floor = test.z, test.log10_floor
    else:
        centred, scaled = permutation.standardise(values, curves, units.strata)
        z, floor = tuple((centred @ scaled).tolist()), permutation.log10_floor(*_pool(transcript, units))
    return Trace(
        units=units,
        curves=curves,
        residual=residual,
        statistic=max(z),
        member=int(np.argmax(z)),
        test=test,
        log10_floor=floor,
        capital=_bet(units, curves, units.strata) if not len(units.rest_strata) else bet(transcript, units),
        last=last_seen(units.positions) / transcript.run_length,
    )


def bet(transcript: Transcript, units: Units) -> betting.Capital:
    """Bet, unit by unit, that what the suspect likes stands late; positions of units without an answer stay unseen."""
    return _bet(units, *_pool(transcript, units))


def _bet(units: Units, curves: NDArray[np.float64], strata: NDArray[np.int64]) -> betting.Capital:
    bets = residuals.sequential_bets(units.scores, _predictors(units))
    return betting.order_capital(bets, curves, strata=strata)


def last_seen(positions: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Count, for each unit, the positions of the run up to the last at which it was seen, shape ``(n,)``."""
    times = ragged.of(positions)
    last: NDArray[np.int64] = np.maximum.reduceat(times.flat, times.edges[:-1]) + 1
    return last


def _pool(transcript: Transcript, units: Units) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give curves and strata of all that was shuffled together, units without an answer at the end."""
    curves = recency.curves(ragged.joined(units.positions, units.rest_positions), run_length=transcript.run_length)
    return curves, np.concatenate([units.strata, units.rest_strata])


def _predictors(units: Units) -> residuals.Predictors:
    return residuals.Predictors(references=units.references, features=units.features)


def decided(trace: Trace, *, alpha: float, gates: Sequence[Gate]) -> decision.Decided:
    """Apply the verdict rule: shuffles decide, or the bet where asking stopped at what was seen."""
    if trace.test is None:
        return decision.by_capital(trace.capital, alpha=alpha, gates=gates)
    drawn = len(trace.test.null)  # not the resamples asked for: of many rows every shift is looked at
    return decision.by_permutation(trace.test.pvalue, trace.capital, resamples=drawn, alpha=alpha, gates=gates)


def asymptotic(trace: Trace) -> LogP | None:
    """Extrapolate the permutation p-value, which has a floor; decides nothing."""
    if trace.test is None:
        return None
    tests = trace.curves.shape[1]
    tail = min(0.0, math.log10(tests) + tails.normal_log10_sf(trace.statistic))
    return LogP(log10_pvalue=tail, method=f"extrapolation: {tests} × normal tail of the largest standardised statistic")


def unreferenced(trace: Trace, *, rng: np.random.Generator) -> LogP | None:
    """Make the same test without references; None where there are none, or where asking stopped at what was seen."""
    units, test = trace.units, trace.test
    if test is None or not units.references.shape[1]:
        return None
    predictors = residuals.Predictors(references=units.references[:, :0], features=units.features)
    values = rank.normal_scores(residuals.crossfit(units.scores, predictors))
    again = permutation.family_test(values, trace.curves, strata=units.strata, resamples=len(test.null), rng=rng)
    return LogP(log10_pvalue=math.log10(again.pvalue), method=reliance.METHOD)


def drifts(trace: Trace, *, rng: np.random.Generator) -> tuple[Gate, ...]:
    """Look for what the order should not have touched: content and references, never the suspect's own scores."""
    units = trace.units
    columns: list[tuple[str, NDArray[np.float64]]] = [
        ("length", units.features[:, 0]),
        ("unigram-frequency", units.features[:, 1]),
        ("duplicates", units.duplicates),
        *((f"reference-{index}", column) for index, column in enumerate(units.references.T, start=1)),
    ]
    return tuple(
        gates.drift(name, column, curves=trace.curves, strata=units.strata, rng=rng) for name, column in columns
    )


def separation(trace: Trace) -> tuple[Auroc | None, tuple[TprAtFpr, ...] | None, tuple[str, ...]]:
    """Compare units last seen in the later half of the last positions with the rest; in several epochs, of the last."""
    late = trace.last > (trace.last.min() + trace.last.max()) / 2
    positives, negatives = trace.residual[late], trace.residual[~late]
    if not len(positives):
        return None, None, ("AUROC not measured: every example was last seen at the same position.",)
    area = roc.auroc(positives, negatives)
    rates, missing = list[TprAtFpr](), list[str]()
    for fpr in sorted(roc.FPRS, reverse=True):
        match roc.tpr_at_fpr(positives, negatives, fpr=fpr):
            case roc.Rate(tpr=tpr, low=low, high=high):
                rates.append(TprAtFpr(fpr=fpr, tpr=tpr, low=low, high=high))
            case roc.NotMeasured(reason=reason):
                missing.append(f"TPR at {fpr:g} FPR not measured: {reason}.")
    auroc = Auroc(
        value=area.value,
        low=area.low,
        high=area.high,
        level=area.level,
        positives=area.positives,
        negatives=area.negatives,
    )
    return auroc, tuple(rates), tuple(missing)


def correlation(trace: Trace) -> Effect:
    """Spearman's ρ between the last position and what is left of the score."""
    found = rank.spearman(trace.last, trace.residual)
    return Effect(name="spearman-rho", value=found.rho, low=found.low, high=found.high, level=found.level)


def nats(trace: Trace, *, level: float = 0.95) -> Effect:
    """Mean residual of the last tenth of the units by position minus that of the first tenth."""
    order = np.argsort(trace.last, kind="stable")
    tenth = max(1, len(order) // 10)
    late, early = trace.residual[order[-tenth:]], trace.residual[order[:tenth]]
    gap = float(late.mean() - early.mean())
    se = math.sqrt((late.var() + early.var()) / tenth)
    half = float(special.ndtri((1 + level) / 2)) * se
    return Effect(name="nats-last-tenth-minus-first", value=gap, low=gap - half, high=gap + half, level=level)


def own_tail(trace: Trace, column: NDArray[np.float64]) -> float:
    """Audit a reference itself, by the tail that decides nothing: log10 p; one that saw the order is told by it."""
    centred, scaled = permutation.standardise(rank.normal_scores(column), trace.curves, trace.units.strata)
    return min(0.0, math.log10(trace.curves.shape[1]) + tails.normal_log10_sf(float((centred @ scaled).max())))


def drawn(trace: Trace) -> tuple[Plot, ...]:
    """Draw what a reader needs to see."""
    shown = [plots.running_mean("residual-by-position", trace.last, trace.residual)]
    if trace.test is not None:
        shown.append(plots.histogram("permutation-null", trace.test.null))
    return (*shown, plots.growth(trace.capital))
