"""How likely do readers accept one lemma for another, before the context is known?

A logistic regression and gradient-boosted trees over what `pairs` says of a pair; the answer is the mean of their
log-odds. Both are fitted to the judgements of SWORDS dev.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pairs
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import swords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Every candidate of every target, one row each."""

    candidates: list[str]
    features: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    targets: NDArray[np.int64]
    """Which target, from 0."""
    lemmas: NDArray[np.int64]
    """Which lemma the target has: folds keep its rows together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """A fitted pair of models."""

    linear: Pipeline
    trees: HistGradientBoostingClassifier

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give log-odds of acceptance, one a row."""
        both: NDArray[np.float64] = self.linear.decision_function(features) + self.trees.decision_function(features)
        return both / 2


def judge(targets: Sequence[swords.Target], resources: pairs.Resources) -> Judged:
    """Describe every candidate of every target, and say whether judges accept it."""
    numbers = {lemma: place for place, lemma in enumerate(sorted({target.lemma for target in targets}))}
    rows = [
        (place, candidate, target)
        for place, target in enumerate(targets)
        for candidate in pairs.candidates(target.lemma, target.pos, resources)
    ]
    described = [list(pairs.features(t.lemma, candidate, t.pos, resources).values()) for _, candidate, t in rows]
    accepted = [t.share(candidate.replace("_", " ")) >= swords.ACCEPTED for _, candidate, t in rows]
    return Judged(
        candidates=[candidate for _, candidate, _ in rows],
        features=np.array(described),
        accepted=np.array(accepted),
        targets=np.array([place for place, _, _ in rows]),
        lemmas=np.array([numbers[target.lemma] for _, _, target in rows]),
    )


def fit(features: NDArray[np.float64], accepted: NDArray[np.bool_]) -> PairModel:
    """Fit both models; the seed is fixed, so that the table can be rebuilt."""
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    trees = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=12, min_samples_leaf=20, l2_regularization=1, random_state=0
    )
    return PairModel(linear=linear.fit(features, accepted), trees=trees.fit(features, accepted))


def held_out(judged: Judged, *, folds: int, among: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Give each row the log-odds by a model that saw no row of its lemma; NaN outside `among`."""
    inside = np.ones(len(judged.accepted), bool) if among is None else among
    found = np.full(len(inside), np.nan)
    for fold in split(judged.lemmas, folds):
        seen = inside & ~fold
        found[inside & fold] = fit(judged.features[seen], judged.accepted[seen]).log_odds(
            judged.features[inside & fold]
        )
    return found


def split(lemmas: NDArray[np.int64], folds: int) -> list[NDArray[np.bool_]]:
    """Deal lemmas to folds at random, with a fixed seed."""
    dealt = np.random.default_rng(0).permutation(lemmas.max() + 1) % folds
    return [dealt[lemmas] == fold for fold in range(folds)]
