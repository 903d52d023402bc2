"""AUROC and rates at fixed false-positive rates."""

import numpy as np
import pytest
from sklearn import metrics

from provenance.stats import roc


def _placements(positives, negatives):
    """DeLong's variance by brute force over all pairs."""
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return wins.mean(axis=1).var(ddof=1) / len(positives) + wins.mean(axis=0).var(ddof=1) / len(negatives)


def test_area_agrees_with_scikit_learn():
    """With ties the area is scikit-learn's."""
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(0, 10, 40) + 1.0, rng.integers(0, 10, 60) + 0.0
    labels = np.repeat([1, 0], [40, 60])
    peer = metrics.roc_auc_score(labels, np.concatenate([positives, negatives]))
    assert roc.auroc(positives, negatives).value == pytest.approx(peer)


def test_interval_is_delongs():
    """The interval on the logit scale comes from DeLong's variance, computed here pair by pair."""
    rng = np.random.default_rng(1)
    positives, negatives = rng.normal(0.5, size=50).round(1), rng.normal(size=70).round(1)
    found = roc.auroc(positives, negatives)
    se = np.sqrt(_placements(positives, negatives))
    low, high = roc.logit_interval(found.value, se, pairs=50, level=0.95)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_area_is_never_flipped():
    """Negatives above positives give an area below one half."""
    found = roc.auroc(np.zeros(10), np.ones(12))
    assert found.value == 0.0
    assert found.low == 0.0 < found.high < 0.5
    assert (found.positives, found.negatives) == (10, 12)


def test_interval_covers():
    """The interval covers the true area about as often as it says."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        found = roc.auroc(rng.normal(1.0, size=40), rng.normal(size=60))
        hits += found.low <= 0.7602 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_rate_interval_covers_although_the_threshold_is_estimated():
    """The interval holds the true rate at least 95 % of the time; plain Clopper–Pearson would not."""
    rng, hits = np.random.default_rng(0), 0
    truth = 0.63876
    for _ in range(300):
        found = roc.tpr_at_fpr(rng.normal(2.0, size=200), rng.normal(size=200), fpr=0.05)
        hits += found.low <= truth <= found.high
    assert hits / 300 >= 0.95


def test_rates_below_what_the_negatives_show_are_not_measured():
    """Fifty negatives cannot show a rate of one in a hundred: that is said, not guessed."""
    assert isinstance(roc.tpr_at_fpr(np.ones(50), np.zeros(50), fpr=0.01), roc.NotMeasured)
    found = roc.tpr_at_fpr(np.ones(50), np.zeros(50), fpr=0.1)
    assert (found.fpr, found.tpr) == (0.1, 1.0)


def test_rate_is_at_the_rate_it_is_labelled_with():
    """At most a share `fpr` of the negatives lies above the threshold."""
    negatives, positives = np.arange(100.0), np.array([88.5, 94.5, 98.5])
    assert roc.tpr_at_fpr(positives, negatives, fpr=0.1).tpr == pytest.approx(2 / 3)
    assert roc.tpr_at_fpr(positives, negatives, fpr=0.01).tpr == pytest.approx(1 / 3)
