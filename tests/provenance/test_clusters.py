"""Exchanges and bootstraps of whole clusters."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from provenance.stats import clusters, roc

SIZES = (1, 1, 1, 2, 2, 3, 2)
MEMBERS = (True, False, False, True, False, True, False)


def _texts(per_cluster, sizes):
    return np.repeat(per_cluster, sizes)


def _design(seed=0, *, step=1.0):
    rng = np.random.default_rng(seed)
    labels = _texts(np.arange(len(SIZES)), SIZES)
    values = step * rng.integers(0, 4, size=len(labels)).astype(float)
    return values, _texts(MEMBERS, SIZES), labels


def _enumerated(values, labels):
    """Every assignment of sides that keeps how many clusters of each size are members, with its sum over members."""
    sums = np.bincount(labels, weights=values)
    sizes = np.array(SIZES)
    ways = [
        itertools.combinations(np.flatnonzero(sizes == size), int(np.sum(np.array(MEMBERS)[sizes == size])))
        for size in np.unique(sizes)
    ]
    return np.array([sum(sums[list(part)].sum() for part in chosen) for chosen in itertools.product(*ways)])


def _exchange(values, sides, labels, *, resamples=20_000, seed=1):
    rng = np.random.default_rng(seed)
    return clusters.exchange(values[:, None], sides, labels, resamples=resamples, rng=rng)


def test_the_p_value_is_that_of_all_exchanges_within_sizes():
    """With ties and unequal sizes p is the share of the assignments, listed one by one, that give as much."""
    values, sides, labels = _design()
    everything = _enumerated(values, labels)
    observed = values[sides].sum()
    found = _exchange(values, sides, labels)
    assert len(everything) == 3 * 3
    assert found.log10_floor == pytest.approx(-math.log10(9))
    assert found.pvalues[0] == pytest.approx(np.mean(everything >= observed), abs=0.015)
    spread = everything.std()
    assert found.z[0] == pytest.approx((observed - everything.mean()) / spread)
    assert set(found.null[:, 0].round(9)) == set(((everything - everything.mean()) / spread).round(9))


def test_without_clusters_it_is_scipys_permutation_test():
    """Where every text is its own cluster, p agrees with SciPy's exact test of the difference of means."""
    rng = np.random.default_rng(3)
    values, sides = rng.normal(size=11), np.arange(11) < 5
    peer = stats.permutation_test(
        (values[sides], values[~sides]), lambda a, b: a.mean() - b.mean(), alternative="greater", n_resamples=10_000
    )
    assert _exchange(values, sides, np.arange(11)).pvalues[0] == pytest.approx(peer.pvalue, abs=0.015)


def test_larger_members_are_extreme():
    """Members above the rest have the smallest p there is, members below them p = 1."""
    sides = np.arange(20) < 10
    up = _exchange(sides.astype(float), sides, np.arange(20), resamples=999)
    down = _exchange(-sides.astype(float), sides, np.arange(20), resamples=999)
    assert (up.pvalues[0], down.pvalues[0]) == (1e-3, 1.0)


def test_rounding_makes_no_finding():
    """0.1 + 0.2 is not more than 0.3: tenths have the p-value of whole numbers."""
    whole, tenths = _design(step=1.0), _design(step=0.1)
    assert _exchange(*whole, resamples=999).pvalues == _exchange(*tenths, resamples=999).pvalues
    sides = np.array([True, True, False, False])
    assert _exchange(np.array([0.1, 0.2, 0.3, 0.0]), sides, np.arange(4), resamples=999).pvalues[0] > 0.6


def test_a_cluster_without_a_match_says_nothing():
    """Clusters whose size is on one side only are never exchanged: with no other, p is 1 and so is the floor."""
    labels = np.repeat([0, 1], [2, 3])
    found = _exchange(np.arange(5.0)[::-1], labels == 0, labels, resamples=99)
    assert (found.pvalues[0], found.log10_floor, found.clusters) == (1.0, 0.0, 0)


def test_several_columns_are_tested_under_the_same_exchanges():
    """A column has the numbers it would have alone."""
    rng = np.random.default_rng(0)
    table, sides = rng.normal(size=(30, 3)), np.arange(30) % 2 == 0
    both = clusters.exchange(table, sides, np.arange(30), resamples=500, rng=np.random.default_rng(5))
    alone = clusters.exchange(table[:, 1:2], sides, np.arange(30), resamples=500, rng=np.random.default_rng(5))
    assert both.pvalues[1] == alone.pvalues[0]


def test_without_clusters_the_interval_is_delongs():
    """Where every text is its own cluster nothing is drawn."""
    rng = np.random.default_rng(0)
    values, sides = rng.normal(size=60), np.arange(60) < 25
    found = clusters.auroc(values, sides, np.arange(60), rng=rng)
    assert found == roc.auroc(values[sides], values[~sides])


def _clustered(rng, *, shift=0.0, count=25, size=4):
    labels = np.repeat(np.arange(2 * count), size)
    sides = labels < count
    return rng.normal(size=2 * count)[labels] + rng.normal(size=len(labels)) + shift * sides, sides, labels


def test_the_bootstrap_agrees_with_delong():
    """Texts that come twice in a cluster have the interval of those that come once."""
    rng = np.random.default_rng(0)
    once, sides = np.random.default_rng(1).normal(size=120), np.arange(120) < 50
    found = clusters.auroc(np.repeat(once, 2), np.repeat(sides, 2), np.repeat(np.arange(120), 2), rng=rng)
    peer = roc.auroc(once[sides], once[~sides])
    assert found.value == pytest.approx(peer.value)
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), abs=0.012)


def test_the_bootstrap_covers_where_delong_does_not():
    """With clusters the interval holds the true area about as often as it says; one of single texts falls far short."""
    rng, hits, naive = np.random.default_rng(0), 0, 0
    for _ in range(80):
        values, sides, labels = _clustered(rng)
        found = clusters.auroc(values, sides, labels, rng=rng)
        single = roc.auroc(values[sides], values[~sides])
        hits += found.low <= 0.5 <= found.high
        naive += single.low <= 0.5 <= single.high
    assert 0.89 <= hits / 80 <= 1
    assert naive / 80 < 0.85


def test_an_area_is_never_flipped():
    """Members below the rest have an area of 0, with an interval that has a width."""
    labels = np.repeat(np.arange(12), 2)
    found = clusters.auroc(np.arange(24.0), labels < 6, labels, rng=np.random.default_rng(0))
    assert found.value == found.low == 0.0
    assert 0 < found.high < 0.5


def test_a_difference_of_means_knows_its_clusters():
    """The interval covers about as often as it says although texts of a cluster resemble each other."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        found = clusters.difference(*_clustered(rng, shift=0.5))
        hits += found.low <= 0.5 <= found.high
    assert 0.92 <= hits / 400 <= 0.98
