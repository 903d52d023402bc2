"""Does the suspect derive from the run whose order this transcript records?

Null: given the examples and all that the suspect says, positions are exchangeable over the units that were shuffled.
It holds by design when the recorded order was a random shuffle and the suspect is independent of it, even if it was
trained on the same examples in another order. Late examples more likely than the rest speaks for the claim.

After "Blackbox Model Provenance via Palimpsestic Membership Inference" (arXiv 2510.19796), with residuals, a recency
family and exact p-values in place of Spearman's asymptotic one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from provenance.audits import decision, examples, gates, plots, residuals
from provenance.errors import InputError
from provenance.evidence import (
    DEFAULT_ALPHA,
    OWNER_CAVEAT,
    Auroc,
    Commitment,
    Effect,
    Evidence,
    Gate,
    LogP,
    Statistic,
    TprAtFpr,
)
from provenance.records import generator
from provenance.stats import betting, permutation, rank, recency, roc, tails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.audits.examples import Units
    from provenance.scoring import Scores
    from provenance.transcripts.tables import Transcript

DEFAULT_RESAMPLES = 9_999
CLAIM = "The suspect derives from the run that consumed its training data in this recorded order."
NULL = (
    "Given the training examples and everything the suspect says, their positions are exchangeable over the units that "
    "were shuffled: the suspect is independent of this order, even if it saw the same examples."
)
SIBLINGS = (
    "The finding speaks of this order, not of one model: sibling models trained in the same order, or anyone who "
    "streamed the same pre-shuffled files, share it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that was computed about one suspect, before words are put to it."""

    units: Units
    curves: NDArray[np.float64]
    residual: NDArray[np.float64]
    test: permutation.FamilyTest
    capital: betting.Capital
    last: NDArray[np.float64]
    """Last position of each unit as a share of the run, shape ``(n,)``."""


def audit(
    transcript: Transcript,
    scores: Scores,
    *,
    references: Sequence[Scores] = (),
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
) -> Evidence:
    """Audit one suspect against one recorded order.

    Parameters
    ----------
    transcript
        Examples with positions, by `provenance.transcripts.tables.read`.
    scores
        What the suspect said of them, by `provenance.score`.
    references
        What models independent of this order said of them: they take out what is merely hard text.
    alpha
        Level of the verdict.
    resamples
        Shuffles; the floor of the p-value is 1/(resamples + 1).
    seed
        Joined with the digests of the inputs.

    Returns
    -------
    Evidence decided by the permutation p-value; e-value, asymptotic tail, ρ and AUROC stand beside it.

    Raises
    ------
    InputError, MismatchError
        If scores are missing or not finite, or positions are all equal.
    """
    rng = generator(seed, transcript.sha256, scores.sha256, *(reference.sha256 for reference in references))
    trace = _trace(transcript, examples.gather(transcript, scores, references), resamples=resamples, rng=rng)
    checks = (
        *_gates(transcript, scores, references, trace),
        gates.reach(trace.test.log10_floor, alpha=alpha),
        *_drifts(trace, rng),
    )
    area, rates, missing = _separation(trace)
    correlation = rank.spearman(trace.last, trace.residual)
    return Evidence(
        audit="order",
        claim=CLAIM,
        null=NULL,
        **decision.by_permutation(trace.test.pvalue, trace.capital, resamples=resamples, alpha=alpha, gates=checks),
        n=len(trace.residual),
        pvalue_method=_method(trace.test, scores, len(references)),
        asymptotic=_asymptotic(trace.test, trace.curves.shape[1]),
        statistic=Statistic(name=f"recency-max:{recency.NAMES[trace.test.member]}", value=trace.test.statistic),
        effect=Effect(
            name="spearman-rho",
            value=correlation.rho,
            low=correlation.low,
            high=correlation.high,
            level=correlation.level,
        ),
        effects=(_nats(trace),),
        auroc=area,
        tpr_at_fpr=rates,
        caveats=(*_caveats(transcript, trace, commitments), *missing),
        commitments=tuple(commitments),
        inputs=_inputs(transcript, scores, references),
        suspect={**scores.suspect, "rendering": scores.rendering, "window": scores.window},
        references=_references(trace, references),
        seed=seed,
        plots=(
            plots.running_mean("residual-by-position", trace.last, trace.residual),
            plots.histogram("permutation-null", trace.test.null),
            plots.growth(trace.capital),
        ),
    )


def _trace(transcript: Transcript, units: Units, *, resamples: int, rng: np.random.Generator) -> Trace:
    curves = recency.curves(units.positions, run_length=transcript.run_length)
    if not np.ptp(curves, axis=0).any():
        raise InputError("positions are all equal", path=transcript.path, expected="an order")
    predictors = residuals.Predictors(references=units.references, features=units.features)
    residual = residuals.crossfit(units.scores, predictors)
    test = permutation.family_test(
        rank.normal_scores(residual), curves, strata=units.strata, resamples=resamples, rng=rng
    )
    bets = residuals.sequential_bets(units.scores, predictors)
    capital = betting.order_capital(bets, curves, strata=units.strata)
    last = np.array([times.max() + 1 for times in units.positions]) / transcript.run_length
    return Trace(units=units, curves=curves, residual=residual, test=test, capital=capital, last=last)


def _asymptotic(test: permutation.FamilyTest, tests: int) -> LogP:
    tail = min(0.0, math.log10(tests) + tails.normal_log10_sf(test.statistic))
    return LogP(log10_pvalue=tail, method=f"extrapolation: {tests} × normal tail of the largest standardised statistic")


def _method(test: permutation.FamilyTest, scores: Scores, references: int) -> str:
    return (
        f"{test.method}; score=mean log-probability (rendering={scores.rendering}, window={scores.window}); "
        f"residual=least squares on {references} references (coefficients ≥ 0) and {', '.join(examples.FEATURES)} "
        f"({residuals.FOLDS} folds by hash); statistic=Σ g(t)·normal score, g in {', '.join(recency.NAMES)}"
    )


def _gates(transcript: Transcript, scores: Scores, references: Sequence[Scores], trace: Trace) -> tuple[Gate, ...]:
    return (
        gates.shuffle(transcript.shuffle),
        gates.enough(len(trace.units.scores)),
        gates.independent(scores.suspect, [reference.suspect for reference in references]),
    )


def _drifts(trace: Trace, rng: np.random.Generator) -> tuple[Gate, ...]:
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


def _separation(trace: Trace) -> tuple[Auroc | None, tuple[TprAtFpr, ...] | None, tuple[str, ...]]:
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


def _nats(trace: Trace, *, level: float = 0.95) -> Effect:
    """Mean residual of the last tenth of the units by position minus that of the first tenth."""
    order = np.argsort(trace.last, kind="stable")
    tenth = max(1, len(order) // 10)
    late, early = trace.residual[order[-tenth:]], trace.residual[order[:tenth]]
    gap = float(late.mean() - early.mean())
    se = math.sqrt((late.var() + early.var()) / tenth)
    half = float(special.ndtri((1 + level) / 2)) * se
    return Effect(name="nats-last-tenth-minus-first", value=gap, low=gap - half, high=gap + half, level=level)


def _caveats(transcript: Transcript, trace: Trace, commitments: Sequence[Commitment]) -> tuple[str, ...]:
    notes = [SIBLINGS]
    if transcript.shuffle["kind"] == "claimed":
        notes.append("That the order was a random shuffle is the owner's claim; no shuffle was recorded.")
    if not any(commitment.witness for commitment in commitments):
        notes.append(OWNER_CAVEAT)
    if trace.units.dropped:
        notes.append(f"{trace.units.dropped} rows were too short for the window and took no part.")
    if not trace.units.references.shape[1]:
        notes.append("No reference was given: the test holds all the same, with much less power.")
    lonely = int(np.count_nonzero(np.bincount(trace.units.strata) == 1))
    if lonely:
        notes.append(f"{lonely} rows are alone in their stratum and contribute nothing.")
    return tuple(notes)


def _inputs(transcript: Transcript, scores: Scores, references: Sequence[Scores]) -> dict[str, str]:
    named = {f"reference-{index}": reference.sha256 for index, reference in enumerate(references, start=1)}
    return {"transcript": transcript.sha256, "scores": scores.sha256, **named}


def _references(trace: Trace, references: Sequence[Scores]) -> tuple[dict[str, Any], ...]:
    """Name each reference with its own audit: one that saw the order itself costs power, and the reader is told."""
    described = []
    for scores, column in zip(references, trace.units.references.T, strict=True):
        centred, scaled = permutation.standardise(rank.normal_scores(column), trace.curves, trace.units.strata)
        tail = math.log10(trace.curves.shape[1]) + tails.normal_log10_sf(float((centred @ scaled).max()))
        described.append({**scores.suspect, "own_asymptotic_log10_pvalue": min(0.0, tail)})
    return tuple(described)
