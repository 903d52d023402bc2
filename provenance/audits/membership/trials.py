"""What do the signals of a membership audit say, each alone and all together, before words are put to it?"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits.membership import attacks, weighing
from provenance.evidence import Effect
from provenance.stats import clusters as clustered
from provenance.stats import rank, roc
from provenance.stats.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.pools import Pool
    from provenance.audits.membership.replies import Replies
    from provenance.audits.membership.weighing import Weighing
    from provenance.stats.clusters import Exchange
    from provenance.stats.roc import Area


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Everything about the texts that knows no sides."""

    replies: Replies
    measured: tuple[attacks.Measured, ...]
    missing: tuple[attacks.NotMeasured, ...]
    table: NDArray[np.float64]
    """One comparable column a measured signal, shape ``(n, k)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Everything that was computed about one suspect."""

    prepared: Prepared
    weighing: Weighing
    alone: Exchange
    """Each signal by itself, over all texts."""

    @property
    def pool(self) -> Pool:
        """The texts that took part."""
        return self.prepared.replies.pool


def prepare(replies: Replies, *, min_k: Sequence[int] = (attacks.DEFAULT_K,)) -> Prepared:
    """Compute every signal of every text."""
    measured, missing = list[attacks.Measured](), list[attacks.NotMeasured]()
    for signal in attacks.measure(replies, min_k=min_k):
        match signal:
            case attacks.Measured():
                measured.append(signal)
            case attacks.NotMeasured():
                missing.append(signal)
    table = weighing.columns([one.values for one in measured], weighing.features(replies.pool.texts))
    return Prepared(replies=replies, measured=tuple(measured), missing=tuple(missing), table=table)


def run(prepared: Prepared, *, resamples: int, rng: np.random.Generator) -> Trial:
    """Test the weighted signals, and each signal by itself."""
    pool = prepared.replies.pool
    weighed = weighing.weigh(prepared.table, pool, resamples=resamples, rng=rng)
    ranks = np.column_stack([rank.normal_scores(signal.values) for signal in prepared.measured])
    alone = clustered.exchange(ranks, pool.sides, pool.clusters, resamples=resamples, rng=rng)
    return Trial(prepared=prepared, weighing=weighed, alone=alone)


def area(trial: Trial, rng: np.random.Generator) -> Area | None:
    """AUROC of the weighted signals on the tested half; None if that half has one side only."""
    pool, tested = trial.pool, trial.weighing.tested
    sides = pool.sides[tested]
    if sides.all() or not sides.any():
        return None
    return clustered.auroc(trial.weighing.values[tested], sides, pool.clusters[tested], rng=rng)


def nats(trial: Trial) -> Effect:
    """Give the difference in mean log-probability, with an interval from clusters."""
    pool = trial.pool
    gap = clustered.difference(attacks.mean_logprob(trial.prepared.replies), pool.sides, pool.clusters)
    unit = "character" if trial.prepared.replies.sums else "token"
    return Effect(
        name=f"nats-a-{unit}-members-minus-nonmembers", value=gap.value, low=gap.low, high=gap.high, level=gap.level
    )


def one_a_cluster(
    values: NDArray[np.float64], pool: Pool, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give one text a cluster, the first by hash, of either side: rates need independent texts."""
    at = np.flatnonzero(rows)
    at = at[np.unique(pool.clusters[at], return_index=True)[1]]
    return values[at[pool.sides[at]]], values[at[~pool.sides[at]]]


def rates(trial: Trial) -> list[roc.Rate | roc.NotMeasured]:
    """Give the rates of the weighted signals on the tested half."""
    return _rates_of(*one_a_cluster(trial.weighing.values, trial.pool, trial.weighing.tested))


def _rates_of(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> list[roc.Rate | roc.NotMeasured]:
    fprs = sorted(roc.FPRS, reverse=True)
    if not len(positives):
        return [roc.NotMeasured(fpr=fpr, reason="no members in the tested half") for fpr in fprs]
    return [roc.tpr_at_fpr(positives, negatives, fpr=fpr) for fpr in fprs]


def signals(trial: Trial, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Describe every signal over all texts; none of them decides."""
    pool, everything = trial.pool, np.ones(len(trial.pool.ids), dtype=bool)
    alone = [math.log10(pvalue) for pvalue in trial.alone.pvalues]
    weights = trial.weighing.weights
    for signal, weight, log10, adjusted in zip(trial.prepared.measured, weights, alone, holm(alone), strict=True):
        rates = _rates_of(*one_a_cluster(signal.values, pool, everything))
        yield {
            "name": signal.name,
            "source": signal.source,
            "weight": weight,
            "auroc": asdict(clustered.auroc(signal.values, pool.sides, pool.clusters, rng=rng)),
            "tpr_at_fpr": [_rate(rate) for rate in rates],
            "log10_pvalue": log10,
            "log10_pvalue_holm": adjusted,
        }
    for lacking in trial.prepared.missing:
        yield {"name": lacking.name, "source": lacking.source, "not_measured": lacking.reason}


def _rate(rate: roc.Rate | roc.NotMeasured) -> dict[str, Any]:
    match rate:
        case roc.Rate():
            return asdict(rate)
        case roc.NotMeasured(fpr=fpr, reason=reason):
            return {"fpr": fpr, "not_measured": reason}
