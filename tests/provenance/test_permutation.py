"""The one p-value rule, and shuffles within strata."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

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


def _all_shifts(values, curves, relabelled):
    """Maxima under every shift, one by one, that of none first."""
    v, c = values[relabelled], curves[relabelled]
    return np.array([(v @ np.roll(c, -shift, axis=0)).max() for shift in range(len(v))])


@pytest.mark.parametrize("rows", [5, 7, 64, 101])
def test_shifts_are_all_there(rows):
    """One transform gives what shifting one by one gives, for lengths that are prime, odd and powers of two."""
    rng = np.random.default_rng(rows)
    values, curves = rng.normal(size=rows), rng.normal(size=(rows, 3))
    null, rounding = permutation.shifts(values, curves, rng=np.random.default_rng(1))
    slow = _all_shifts(values, curves, np.random.default_rng(1).permutation(rows))
    assert len(null) == rows - 1
    assert np.abs(null - slow[1:]).max() < permutation.TIE_SLACK * rounding
    assert slow[0] == pytest.approx((values @ curves).max())


@pytest.mark.parametrize("values", [VALUES, np.array([0.3, -1.0, 2.0, 0.7, 0.5])])
def test_shifts_are_exact_by_enumeration(monkeypatch, values):
    """Over all arrangements of tied curves P(p ≤ k/n) is at most k/n, and it is k/n where no two shifts tie."""
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", 5)
    strata, curves = np.zeros(5, dtype=int), CURVES[:, :1] + CURVES[:, 1:] / 7
    for relabelling in range(3):
        pvalues = np.array(
            [
                permutation.family_test(
                    values, curves[list(order)], strata=strata, resamples=9, rng=np.random.default_rng(relabelling)
                ).pvalue
                for order in itertools.permutations(range(5))
            ]
        )
        shares = np.array([np.mean(pvalues <= k / 5 + 1e-12) for k in range(1, 6)])
        assert np.all(shares <= np.arange(1, 6) / 5 + 1e-12)
        if len(set(values)) == 5:
            assert shares == pytest.approx(np.arange(1, 6) / 5)


def test_shifts_that_tie_but_for_rounding_count_against_the_claim(monkeypatch):
    """Values and curves of two kinds tie at most shifts: none of the ties is lost to the transform's rounding."""
    rng, rows = np.random.default_rng(0), 1000
    values, curves = rng.integers(0, 2, rows) * 0.1, rng.integers(0, 2, (rows, 1)) * 0.3
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", rows)
    strata = np.zeros(rows, dtype=int)
    found = permutation.family_test(values, curves, strata=strata, resamples=9, rng=np.random.default_rng(5))
    counts = _all_shifts(np.round(values * 10), np.round(curves / 0.3), np.random.default_rng(5).permutation(rows))
    assert found.pvalue == np.mean(counts >= counts[0])
    assert np.sum(counts == counts[0]) > 20


def test_shifts_hold_their_level_as_shuffles_do(monkeypatch):
    """Of 2,000 nulls as few come up as should, one-sided, ties among them; and a rise is found at the floor."""
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", 300)
    rng, audits, strata = np.random.default_rng(0), 2000, np.zeros(300, dtype=int)
    values = np.round(rng.normal(size=300), 1)
    u = np.repeat(np.arange(100.0), 3) / 100
    curves = np.column_stack([u, np.exp((u - 1) / 0.1), np.exp((u - 1) / 0.01)])
    pvalues = np.array(
        [
            permutation.family_test(values, rng.permutation(curves), strata=strata, resamples=9, rng=rng).pvalue
            for _ in range(audits)
        ]
    )
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(pvalues <= alpha + 1e-12) <= stats.binom.isf(1e-4, audits, alpha)
    assert np.mean(pvalues <= 0.1) > 0.07
    rising = permutation.family_test(u, curves, strata=strata, resamples=9, rng=rng)
    falling = permutation.family_test(-u, curves, strata=strata, resamples=9, rng=rng)
    assert (rising.pvalue, falling.pvalue) == (1 / 300, 1.0)


def test_only_many_rows_of_one_stratum_are_shifted(monkeypatch):
    """The method says what was done, and how many values it drew."""
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", 50)
    x, rng = np.arange(50.0), np.random.default_rng(0)
    for rows, strata, named in (
        (50, np.zeros(50, dtype=int), "shifts(resamples=49, max_of=1, strata=1)"),
        (49, np.zeros(49, dtype=int), "permutation(resamples=9, max_of=1, strata=1)"),
        (50, x // 25, "permutation(resamples=9, max_of=1, strata=2)"),
    ):
        found = permutation.family_test(x[:rows], x[:rows, None], strata=strata, resamples=9, rng=rng)
        assert found.method == named


def test_constant_values_are_no_evidence_when_shifted(monkeypatch):
    """Nothing but rounding varies: p is 1."""
    monkeypatch.setattr(permutation, "SHIFTED_ROWS", 50)
    values, strata = np.full(50, 0.1) * 3, np.zeros(50, dtype=int)
    found = permutation.family_test(
        values, np.arange(50.0)[:, None], strata=strata, resamples=9, rng=np.random.default_rng(0)
    )
    assert found.pvalue == 1.0
