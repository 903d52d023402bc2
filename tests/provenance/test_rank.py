"""Spearman's correlation with its interval, and normal scores."""

import math

import numpy as np
import pytest
from scipy import stats

from provenance.stats import rank


def test_spearman_agrees_with_scipy():
    """With ties, ρ and its one-sided p-value are SciPy's."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 20, size=300).astype(float)
    y = x + rng.normal(scale=15, size=300).round()
    found, peer = rank.spearman(x, y), stats.spearmanr(x, y, alternative="greater")
    assert found.rho == pytest.approx(peer.statistic)
    assert found.log10_pvalue == pytest.approx(math.log10(peer.pvalue))


def test_positions_out_of_order_are_ranked_not_sorted():
    """Ranks come from rankdata: argsort taken for ranks would lose a perfect trace on unsorted rows."""
    positions = np.array([30.0, 10.0, 20.0, 50.0, 40.0])
    assert rank.spearman(positions, positions**3).rho == pytest.approx(1.0)


def test_interval_covers():
    """The Bonett–Wright interval covers the true correlation about as often as it says."""
    rng = np.random.default_rng(0)
    truth, hits = 6 / np.pi * np.arcsin(0.5 / 2), 0
    for _ in range(400):
        x, noise = rng.normal(size=(2, 200))
        found = rank.spearman(x, 0.5 * x + np.sqrt(0.75) * noise)
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_constant_input_has_no_correlation():
    """Constant scores have ρ = 0, and an interval around it."""
    found = rank.spearman(np.arange(10.0), np.ones(10))
    assert (found.rho, found.low < 0 < found.high) == (0.0, True)


def test_normal_scores_are_symmetric_and_share_ties():
    """Normal scores sum to 0 and give tied values one score."""
    values = np.array([5.0, 1.0, 1.0, 9.0])
    scores = rank.normal_scores(values)
    assert scores == pytest.approx(-rank.normal_scores(-values))
    assert scores[1] == scores[2]
    assert np.argmax(scores) == 3
