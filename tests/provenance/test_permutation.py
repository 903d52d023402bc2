"""The one p-value rule, and shuffles within strata."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.stats import permutation

VALUES = np.array([0.3, -1.0, 2.0, 2.0, 0.5])
CURVES = np.array([[1.0, 0.1], [2.0, 0.1], [2.0, 0.7], [3.0, 0.2], [4.0, 0.9]])
STRATA = np.array([0, 1, 0, 1, 0])


def _assignments(strata):
    """Every assignment of rows to rows that stays within strata."""
    return [order for order in itertools.permutations(range(len(strata))) if all(strata[list(order)] == strata)]


def test_rounding_never_makes_a_finding():
    """An observed 0.1 + 0.2 against a null of 0.3 is a tie, and ties count against the claim."""
    assert permutation.pvalue(0.1 + 0.2, np.array([0.3]), scale=0.3) == 1.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(-1e6, 1e6))
def test_pvalue_is_never_zero(null, observed):
    """0 < p ≤ 1 whatever the numbers, and never below 1/(m + 1)."""
    value = permutation.pvalue(observed, np.array(null), scale=1.0)
    assert 1 / (len(null) + 1) <= value <= 1


@pytest.mark.parametrize("strata", [np.zeros(5, dtype=int), STRATA])
def test_standardised_statistics_have_mean_0_and_variance_1(strata):
    """Over all shuffles within strata, ties included, the standardised statistics have exactly these moments."""
    centred, scaled = permutation.standardise(VALUES, CURVES, strata)
    z = np.array([centred[list(order)] @ scaled for order in _assignments(strata)])
    assert np.allclose(z.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(z.var(axis=0), 1)


@pytest.mark.parametrize("strata", [np.zeros(5, dtype=int), STRATA])
def test_pvalue_agrees_with_full_enumeration(strata):
    """With many resamples the p-value is the exact share of shuffles at least as extreme."""
    centred, scaled = permutation.standardise(VALUES, CURVES, strata)
    maxima = np.array([(centred[list(order)] @ scaled).max() for order in _assignments(strata)])
    observed = (centred @ scaled).max()
    exact = np.mean(maxima >= observed - 1e-12)
    found = permutation.family_test(VALUES, CURVES, strata=strata, resamples=40_000, rng=np.random.default_rng(0))
    assert found.pvalue == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000) + 1e-4)
    assert found.statistic == pytest.approx(observed)


def test_direction():
    """Values that rise with the curve are extreme, values that fall with it are not."""
    x, rng = np.arange(200.0), np.random.default_rng(0)
    strata = np.zeros(200, dtype=int)
    rising = permutation.family_test(x, x[:, None], strata=strata, resamples=199, rng=rng)
    falling = permutation.family_test(-x, x[:, None], strata=strata, resamples=199, rng=rng)
    assert rising.pvalue == pytest.approx(1 / 200)
    assert falling.pvalue == 1.0


def test_constant_values_and_curves_are_no_evidence():
    """What cannot vary is 0, and 0 against 0 is a tie: p is 1, rounding notwithstanding."""
    strata, rng = np.zeros(30, dtype=int), np.random.default_rng(0)
    constant = np.full(30, 0.1) * 3
    moving = np.arange(30.0)
    for values, curve in ((constant, moving), (moving, constant), (constant, constant)):
        found = permutation.family_test(values, curve[:, None], strata=strata, resamples=99, rng=rng)
        assert found.pvalue == 1.0


def test_shuffles_stay_within_strata():
    """A difference between strata alone is no evidence: nothing was shuffled between them."""
    strata = np.repeat([0, 1], 50)
    values, curve = strata + 0.0, strata[:, None] + 0.0
    found = permutation.family_test(values, curve, strata=strata, resamples=99, rng=np.random.default_rng(0))
    assert found.pvalue == 1.0


def test_the_order_of_rows_does_not_matter():
    """Rows in another order have the same statistic: strata need not be contiguous."""
    shuffle = np.random.default_rng(0).permutation(5)
    both = [
        permutation.family_test(
            VALUES[rows], CURVES[rows], strata=STRATA[rows], resamples=9, rng=np.random.default_rng(0)
        ).z
        for rows in (np.arange(5), shuffle)
    ]
    assert np.allclose(*both)


@pytest.mark.parametrize("strata", [np.zeros(5, dtype=int), STRATA])
def test_the_floor_is_one_over_the_arrangements(strata):
    """No design gives a p-value below one over the number of arrangements that differ; tied positions do not differ."""
    curves = CURVES[[0, 1, 1, 3, 3]]
    arrangements = {tuple(map(tuple, curves[list(order)])) for order in _assignments(strata)}
    found = permutation.family_test(VALUES, curves, strata=strata, resamples=9, rng=np.random.default_rng(0))
    assert found.log10_floor == pytest.approx(-np.log10(len(arrangements)))
