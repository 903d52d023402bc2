"""Was the suspect trained on these documents, rather than on those?

Null: given the texts and everything the suspect says, which clusters are members is exchangeable among clusters of
equal size. It holds by design when members were drawn at random (`pools.split`, drawn again here); else only as far as
both sides are alike, and then the verdict is at most inconclusive unless the suspect tells them apart better than any
classifier that never asks it. Members with larger signals speak for the claim.

After the membership attacks that `attacks` names one by one and the dataset-level test of arXiv 2406.06443.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from provenance.audits import gates, plots
from provenance.audits.membership import attacks, blind, pools, trials, weighing
from provenance.audits.membership import replies as replying
from provenance.evidence import (
    DEFAULT_ALPHA,
    Auroc,
    Commitment,
    Effect,
    Evidence,
    Gate,
    LogP,
    Plot,
    Statistic,
    TprAtFpr,
    check_alpha,
    positive,
    verdict,
)
from provenance.records import generator
from provenance.stats import roc, tails

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.audits.membership.blind import Guess
    from provenance.audits.membership.pools import Side, Split
    from provenance.audits.membership.trials import Trial
    from provenance.scoring import Scores
    from provenance.stats.roc import Area

DEFAULT_RESAMPLES = 9_999
MIN_CLUSTERS = 10
CLAIM = "The suspect was trained on the members, and not on the non-members."
NULL = (
    "Given the texts and everything the suspect says, which clusters are members is exchangeable among clusters of "
    "equal size: the suspect owes nothing to who is a member."
)
CONDITIONAL = (
    "The p-value is conditional on like sets: members and non-members were not drawn at random, and whatever else "
    "sets them apart may have made the difference. The blind check is a guard, not a proof."
)
WHOLE = (
    "The split was drawn again and fits; that no text was left out afterwards only a commitment to both files shows."
)
OWNER = (
    "No witnessed commitment was given: the finding rests on the owner's word that members and non-members were set "
    "down before the suspect existed."
)


def audit(
    members: Side,
    nonmembers: Side,
    scores: Scores,
    *,
    references: Sequence[Scores] = (),
    drawn: Split | None = None,
    min_k: Sequence[int] = (attacks.DEFAULT_K,),
    per_cluster: int | None = None,
    alpha: float = DEFAULT_ALPHA,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    commitments: Sequence[Commitment] = (),
) -> Evidence:
    """Audit one suspect against documents that it may have seen and others that it cannot have.

    Parameters
    ----------
    members, nonmembers
        The documents, with clusters where they are chunks of something.
    scores
        What the suspect said of them, by `provenance.score` on `views.records`; a signal that needs another view of
        the texts is measured where that view was scored.
    references
        What models said that saw neither side.
    drawn
        The seed and share by which members were drawn; then the p-value is exact.
    min_k
        Percentages for Min-K% and Min-K%++.
    per_cluster
        How many texts of each cluster take part; smaller clusters are left out. None takes all.
    alpha
        Level of the verdict.
    resamples
        Exchanges; the floor of the p-value is 1/(resamples + 1).
    seed
        Joined with the digests of the inputs.
    commitments
        To the documents, by `provenance.commitments`.

    Returns
    -------
    Evidence decided by the permutation p-value of the weighted signals on the half that was not learned from; each
    signal stands beside it, Holm-adjusted.

    Raises
    ------
    InputError, MismatchError
        If scores are missing or not finite, a text or cluster stands on both sides, a side is one cluster, or the
        split is not the one that `drawn` gives.
    """
    check_alpha(alpha)
    if drawn is not None:
        pools.check_split(members, nonmembers, drawn)
    inputs = _inputs(members, nonmembers, scores, references)
    rng = generator(seed, *inputs.values())
    replies = replying.gather(pools.join(members, nonmembers, per_cluster=per_cluster), scores, references)
    trial = trials.run(trials.prepare(replies, min_k=min_k), resamples=resamples, rng=rng)
    area = trials.area(trial, rng)
    guesses = blind.guess(replies.pool, rng=rng)
    checks = (*_gates(trial, scores, references, alpha), _blind_gate(area, guesses, drawn))
    pvalue, rates = trial.weighing.exchange.pvalues[0], trials.rates(trial)
    return Evidence(
        audit="membership",
        claim=CLAIM,
        null=NULL,
        verdict=verdict(
            log10_pvalue=math.log10(pvalue), log10_floor=-math.log10(resamples + 1), alpha=alpha, gates=checks
        ),
        alpha=alpha,
        n=len(replies.rows),
        pvalue=positive(pvalue),
        log10_pvalue=math.log10(pvalue),
        decided_by="permutation",
        pvalue_method=f"{_method(trial, scores, drawn)}, {_chosen(members, min_k, per_cluster)}",
        asymptotic=LogP(
            log10_pvalue=tails.normal_log10_sf(trial.weighing.exchange.z[0]),
            method="extrapolation: normal tail of the standardised statistic",
        ),
        statistic=Statistic(name="weighted-signals", value=trial.weighing.exchange.z[0]),
        effect=trials.nats(trial),
        effects=tuple(_effect(guess.name, guess.area) for guess in guesses),
        auroc=Auroc(**asdict(area)) if area else None,
        tpr_at_fpr=tuple(TprAtFpr(**asdict(rate)) for rate in rates if isinstance(rate, roc.Rate)),
        signals=tuple(trials.signals(trial, rng)),
        gates=checks,
        caveats=(*_caveats(trial, drawn, commitments), *_unmeasured(rates)),
        commitments=tuple(commitments),
        inputs=inputs,
        suspect={**scores.suspect, "rendering": scores.rendering, "window": scores.window},
        references=tuple(dict(reference.suspect) for reference in references),
        seed=seed,
        plots=_plots(trial),
    )


def _inputs(members: Side, nonmembers: Side, scores: Scores, references: Sequence[Scores]) -> dict[str, str]:
    named = {f"reference-{index}": reference.sha256 for index, reference in enumerate(references, start=1)}
    return {"members": members.sha256, "nonmembers": nonmembers.sha256, "scores": scores.sha256, **named}


def _gates(trial: Trial, scores: Scores, references: Sequence[Scores], alpha: float) -> tuple[Gate, ...]:
    pool = trial.pool
    counts = [len(np.unique(pool.clusters[side])) for side in (pool.sides, ~pool.sides)]
    return (
        Gate(
            name="enough-clusters",
            passed=min(counts) >= MIN_CLUSTERS,
            detail=f"{counts[0]} clusters of members and {counts[1]} of non-members, at least {MIN_CLUSTERS} needed",
        ),
        gates.varied(np.array([float(row.logprob.sum()) for row in trial.prepared.replies.rows])),
        gates.reach(trial.weighing.exchange.log10_floor, alpha=alpha),
        gates.independent(scores.suspect, [reference.suspect for reference in references], twins=_twins(trial)),
    )


def _twins(trial: Trial) -> list[bool]:
    """Say which references gave the very answers of the suspect."""
    replies = trial.prepared.replies
    return [
        all(np.array_equal(one.logprob, other.logprob) for one, other in zip(replies.rows, rows, strict=True))
        for rows in replies.references
    ]


def _blind_gate(area: Area | None, guesses: Sequence[Guess], drawn: Split | None) -> Gate:
    """Ask whether the suspect tells the sides apart better than whoever never asked it; a guard, not a proof."""
    best = max(guesses, key=lambda guess: guess.area.high)
    said = f"{best.name} has AUROC {best.area.value:.3f}, at most {best.area.high:.3f}"
    if drawn is not None:
        return Gate(
            name="blind", passed=True, detail=f"members were drawn at random, so likeness holds by design; {said}"
        )
    low = area.low if area is not None else 0.0
    return Gate(
        name="blind",
        passed=low > best.area.high,
        detail=f"without asking the suspect, {said}; its signals have at least {low:.3f}, which must be more "
        "(a guard, not a proof)",
    )


def _method(trial: Trial, scores: Scores, drawn: Split | None) -> str:
    split_by = f"split_seed={drawn.seed}, split_share={drawn.share:g}" if drawn else "no recorded split"
    weights = zip(trial.prepared.measured, trial.weighing.weights, strict=True)
    return (
        f"{trial.weighing.exchange.method}; {split_by}; statistic=Σ weight·normal score of the residual on "
        f"{', '.join(weighing.FEATURES)}, over the half by hash that the weights were not learned on; "
        f"weights ≥ 0 by least squares (ridge={weighing.RIDGE:g}): "
        f"{', '.join(f'{signal.name} {weight:.3g}' for signal, weight in weights)}; "
        f"rendering={scores.rendering}, window={scores.window}"
    )


def _chosen(members: Side, min_k: Sequence[int], per_cluster: int | None) -> str:
    """Name the settings that a user chose, as the report reads them back."""
    given = "texts" if members.clusters is None else "field"
    return f"min_k={'+'.join(map(str, min_k))}, clusters={given}, per_cluster={per_cluster or 'all'}"


def _effect(name: str, area: Area) -> Effect:
    return Effect(name=f"{name}-auroc", value=area.value, low=area.low, high=area.high, level=area.level)


def _unmeasured(rates: Sequence[roc.Rate | roc.NotMeasured]) -> Iterator[str]:
    for rate in rates:
        match rate:
            case roc.NotMeasured(fpr=fpr, reason=reason):
                yield f"TPR at {fpr:g} FPR not measured: {reason}."
            case roc.Rate():
                pass


def _caveats(trial: Trial, drawn: Split | None, commitments: Sequence[Commitment]) -> Iterator[str]:
    replies = trial.prepared.replies
    clusters = len(np.unique(replies.pool.clusters))
    yield CONDITIONAL if drawn is None else WHOLE
    if not any(commitment.witness for commitment in commitments):
        yield OWNER
    yield "The signals of the table describe; none of them decides, and the best of them is not the finding."
    if clusters < len(replies.rows):
        yield f"{len(replies.rows)} texts are of {clusters} clusters; rates at fixed FPR take one text of each."
    tested = len(np.unique(replies.pool.clusters[trial.weighing.tested]))
    if lonely := tested - trial.weighing.exchange.clusters:
        yield (
            f"{lonely} of the {tested} clusters tested have none of their size on the other side and say nothing "
            "(taking as many texts of each, --per-cluster, makes them alike)."
        )
    if replies.pool.repeats:
        yield f"{replies.pool.repeats} texts repeat another of their side."
    if replies.short:
        yield f"{replies.short} texts were too short to be scored and took no part."
    if replies.spent:
        yield f"{replies.spent} texts left with the prefix of recall: all clusters, by hash, up to the last in it."


def _plots(trial: Trial) -> tuple[Plot, ...]:
    positives, negatives = trials.one_a_cluster(trial.weighing.values, trial.pool, trial.weighing.tested)
    curve = (plots.roc_curve(positives, negatives),) if len(positives) and len(negatives) else ()
    return (*curve, plots.histogram("permutation-null", trial.weighing.exchange.null[:, 0]))
