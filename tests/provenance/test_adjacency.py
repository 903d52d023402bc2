"""Likeness of neighbours: exact moments, its level, and what it sees."""

import itertools

import numpy as np
import pytest
from scipy import stats

from provenance.stats import adjacency


def _totals(group, reach):
    """Sum over ordered pairs within reach, the slow way, for every order of a group."""
    centred = group - group.mean(axis=0)
    for order in itertools.permutations(range(len(group))):
        rows = centred[list(order)]
        yield sum(
            float(rows[one] @ rows[other])
            for one in range(len(rows))
            for other in range(len(rows))
            if one != other and abs(one - other) <= reach
        )


@pytest.mark.parametrize("tied", [False, True])
def test_moments_are_those_of_all_orders(tied):
    """Over all 720 orders of six vectors, ties included, mean and variance are the closed forms, for both reaches."""
    group = np.random.default_rng(0).standard_normal((6, 3))
    if tied:
        group[:3] = group[0]
    for reach, (mean, sd) in zip(
        adjacency.REACHES, np.transpose([adjacency.likeness([group]).mean, adjacency.likeness([group]).sd]), strict=True
    ):
        totals = np.array(list(_totals(group, reach)))
        assert mean == pytest.approx(totals.mean(), abs=1e-9)
        assert sd == pytest.approx(totals.std(), abs=1e-7)


def test_the_pvalue_counts_orders():
    """Two pairs of twins stand together in a third of all orders, and p by shuffles says so."""
    found = adjacency.likeness([np.array([[1.0], [1.0], [-1.0], [-1.0]])])
    p = adjacency.pvalue(found, resamples=4_999, rng=np.random.default_rng(1))
    assert p == pytest.approx(1 / 3, abs=0.03)


def test_nothing_to_compare_is_no_likeness():
    """Groups of fewer than four, and vectors all alike, give z = 0 and p = 1, without a warning."""
    for groups in ([], [np.ones((3, 2))], [np.full((50, 2), 0.1)]):
        found = adjacency.likeness(groups)
        assert found.z == (0.0, 0.0)
        assert adjacency.pvalue(found, resamples=99, rng=np.random.default_rng(0)) == 1


def test_shuffled_groups_hold_their_level():
    """Of 500 shuffles of skewed vectors in two groups, p at 199 shuffles is small no oftener than it should be."""
    rng = np.random.default_rng(2)
    groups = [rng.exponential(size=(size, 2)) ** 2 for size in (12, 6)]
    pvalues = np.array(
        [
            adjacency.pvalue(adjacency.likeness([rng.permutation(group) for group in groups]), resamples=39, rng=rng)
            for _ in range(500)
        ]
    )
    for alpha in (0.1, 0.05):
        assert np.sum(pvalues <= alpha + 1e-12) <= stats.binom.isf(1e-4, 500, alpha)
    assert np.mean(pvalues <= 0.1) > 0.07


@pytest.mark.parametrize("interleaved", [1, 8])
def test_chunks_stand_out(interleaved):
    """Books whose rows stand together, or are read eight at a time, are seen; the same rows shuffled are not."""
    rng = np.random.default_rng(3)
    books = np.repeat(rng.standard_normal((40, 5)), 8, axis=0) + rng.standard_normal((320, 5))
    order = np.arange(320).reshape(-1, interleaved, 8).transpose(0, 2, 1).ravel()
    assert adjacency.likeness([books[order]]).largest > 6
    assert adjacency.likeness([books[rng.permutation(320)]]).largest < 4
    assert adjacency.certain(0.001) == pytest.approx(31.6, abs=0.01)
