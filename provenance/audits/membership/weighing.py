"""How are several signals made one, without choosing the one that happens to look best?

Their weights are learned on one half of the clusters and tested on the other. Which half a cluster is in follows from
the order of its hash alone, so the test is exact whatever was learned.

The design is that of Maini et al., "LLM Dataset Inference" (arXiv 2406.06443), with three differences: weights are at
least 0, so that every signal keeps its direction; clusters are exchanged in place of a t-test; and what length,
compressibility and rare words explain of a signal is taken out, by a regression that knows no sides.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from provenance.language import words
from provenance.language.surprisal import surprisal
from provenance.stats import clusters as clustered
from provenance.stats import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenance.audits.membership.pools import Pool
    from provenance.stats.clusters import Exchange

RIDGE, PRIOR = 25.0, 0.1
"""Strength, in texts, of a pull towards equal weights of this sum: it decides where little can be learned."""
FEATURES = ("length", "zlib", "surprisal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What was learned on one half and seen on the other."""

    weights: tuple[float, ...]
    """One a signal, at least 0."""
    values: NDArray[np.float64]
    """The weighted signals of every text, shape ``(n,)``."""
    tested: NDArray[np.bool_]
    """Which texts were not learned from."""
    exchange: Exchange


def columns(signals: Sequence[NDArray[np.float64]], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make signals comparable: normal scores of what features do not explain, shape ``(n, k)``; knows no sides."""
    design = np.column_stack([np.ones(len(features)), _standardised(features)])
    table = []
    for values in signals:
        residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        # What is left of a signal that says nothing is rounding.
        flat = np.ptp(residual) <= 1e-9 * max(float(np.abs(values).max()), 1e-300)
        table.append(np.zeros(len(values)) if flat else rank.normal_scores(residual.round(12)))
    return np.column_stack(table)


def features(texts: Sequence[str]) -> NDArray[np.float64]:
    """Describe each text without any model: log length, zlib bits a character, mean surprisal of its words."""
    return np.array([_describe(text) for text in texts])


def halves(clusters: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Put every second cluster, by size and then in the order given, into the half that is tested; shape ``(n,)``."""
    groups = np.unique(clusters, return_inverse=True)[1].ravel()
    by_size = np.argsort(np.bincount(groups), kind="stable")
    return np.isin(groups, by_size[1::2])


def weigh(table: NDArray[np.float64], pool: Pool, *, resamples: int, rng: np.random.Generator) -> Weighing:
    """Learn weights on one half of the clusters and test their sum on the other.

    Null: as in `provenance.stats.clusters.exchange`. Large is extreme.
    """
    tested = halves(pool.clusters)
    weights = _learn(table[~tested], pool.sides[~tested])
    values = table @ weights
    exchange = clustered.exchange(
        values[tested, None], pool.sides[tested], pool.clusters[tested], resamples=resamples, rng=rng
    )
    return Weighing(weights=tuple(weights.tolist()), values=values, tested=tested, exchange=exchange)


def _learn(table: NDArray[np.float64], sides: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Least squares of the side on the signals with weights at least 0, pulled a little towards equal ones."""
    count = table.shape[1]
    side = np.where(sides, 1.0, -1.0) - np.mean(np.where(sides, 1.0, -1.0))
    pull = np.sqrt(RIDGE) * np.eye(count)
    weights: NDArray[np.float64] = optimize.nnls(
        np.vstack([table, pull]), np.concatenate([side, pull @ np.full(count, PRIOR / count)])
    )[0]
    return weights


def _describe(text: str) -> tuple[float, float, float]:
    found = words.find(text)
    rarity = sum(surprisal(word.text) for word in found) / max(len(found), 1)
    length = max(len(text), 1)
    return float(np.log(length)), 8 * len(zlib.compress(text.encode())) / length, rarity


def _standardised(features: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = features.std(axis=0)
    scaled: NDArray[np.float64] = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled
