"""Agreement with coins: the exact law, its tail, and what is carried."""

import itertools
import math

import numpy as np
import pytest
from scipy import special, stats

from provenance.stats import betting, coins, permutation

MIXED = np.array([2, 3, 4, 2, 3])


def outcomes(sides):
    """Every way in which readings can agree, with its chance."""
    for agree in itertools.product([False, True], repeat=len(sides)):
        chance = math.prod(1 / k if hit else 1 - 1 / k for k, hit in zip(sides, agree, strict=True))
        yield np.array(agree), chance


@pytest.mark.parametrize(("n", "hits"), [(1, 1), (12, 12), (40, 31), (40, 5), (500, 400), (5000, 5000), (4000, 2950)])
@pytest.mark.parametrize("k", [2, 5])
def test_the_tail_of_like_coins_is_binomial(n, hits, k):
    """Coins of one kind give SciPy's binomial tail, to 1e-9 of its logarithm, far below the smallest float."""
    agree = np.arange(n) < hits
    exact = special.logsumexp(stats.binom.logpmf(np.arange(hits, n + 1), n, 1 / k)) / math.log(10)
    assert coins.tail_log10(np.full(n, k), agree) == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_the_tail_of_mixed_coins_is_the_sum_over_all_outcomes():
    """With 2, 3 and 4 sides mixed, and ties among sums, every tail is what enumeration gives."""
    law = [(coins.statistic(MIXED, agree), chance) for agree, chance in outcomes(MIXED)]
    for agree, _ in outcomes(MIXED):
        observed = coins.statistic(MIXED, agree)
        exact = sum(chance for value, chance in law if value >= observed - 1e-9)
        assert 10 ** coins.tail_log10(MIXED, agree) == pytest.approx(exact, rel=1e-9)


def test_the_redraw_has_the_law_of_all_outcomes():
    """Redrawn sums come as often as enumeration says; the p-value is the tail, up to Monte-Carlo error."""
    agree = np.array([True, False, True, True, False])
    test = coins.coin_test(MIXED, agree, resamples=200_000, rng=np.random.default_rng(0))
    assert test.pvalue == pytest.approx(10 ** coins.tail_log10(MIXED, agree), rel=0.05)
    assert test.null.mean() == pytest.approx(0, abs=0.03)
    assert test.null.var() == pytest.approx(np.sum(MIXED - 1), rel=0.02)
    assert test.log10_floor == pytest.approx(-math.log10(2 * 3 * 4 * 2 * 3))


def test_capital_is_expected_to_stay_at_1():
    """Over all outcomes, weighed by their chance, the mean capital is exactly 1 after every coin."""
    paths = sum(chance * np.exp(betting.coin_capital(MIXED, agree).path) for agree, chance in outcomes(MIXED))
    assert paths == pytest.approx(np.ones(5), abs=1e-12)


def test_direction():
    """Full agreement is extreme and pays; none at all is p = 1 and loses."""
    sides, rng = np.full(30, 3), np.random.default_rng(0)
    full, none = np.ones(30, dtype=bool), np.zeros(30, dtype=bool)
    assert coins.coin_test(sides, full, resamples=999, rng=rng).pvalue == 1 / 1000
    assert coins.coin_test(sides, none, resamples=999, rng=rng).pvalue == 1.0
    assert coins.tail_log10(sides, none) == pytest.approx(0, abs=1e-12)
    assert betting.coin_capital(sides, full).log10 > 12
    assert betting.coin_capital(sides, none).log10 < 0


def test_ties_count_against_the_claim():
    """A redraw that equals the observed sum counts, and rounding makes no finding."""
    assert permutation.pvalue(0.1 + 0.2, np.array([0.3]), scale=0.6) == 1.0
    one = coins.coin_test(np.array([2]), np.array([True]), resamples=9_999, rng=np.random.default_rng(0))
    assert one.pvalue == pytest.approx(0.5, abs=0.03)


def test_no_coins_say_nothing():
    """Without a coin p is 1, the tail 0, the capital 1, and any share is possible."""
    sides, agree = np.array([], dtype=np.int64), np.array([], dtype=bool)
    test = coins.coin_test(sides, agree, resamples=99, rng=np.random.default_rng(0))
    assert (test.pvalue, test.statistic, test.log10_floor) == (1.0, 0.0, 0.0)
    assert coins.tail_log10(sides, agree) == 0.0
    assert betting.coin_capital(sides, agree).log10 == 0.0
    assert (coins.carried(sides, agree).low, coins.carried(sides, agree).high) == (-1.0, 1.0)


def test_the_share_of_like_coins_has_clopper_and_pearsons_interval():
    """With one kind of coin the interval is SciPy's exact one, carried over to the share."""
    agree = np.arange(80) < 57
    found = coins.carried(np.full(80, 2), agree)
    exact = stats.binomtest(57, 80).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((2 * exact.low - 1, 2 * exact.high - 1), abs=1e-6)
    assert found.value == pytest.approx(2 * 57 / 80 - 1)


def test_the_interval_covers_the_share():
    """Where .6 of mixed coins are carried, 95 % of intervals hold .6, up to chance; full agreement ends at 1."""
    rng, sides = np.random.default_rng(0), np.tile([2, 2, 3], 15)
    held = 0
    for _ in range(400):
        share = coins.carried(sides, rng.random(45) < 0.6 + 0.4 / sides)
        held += share.low <= 0.6 <= share.high
    assert held >= stats.binom.isf(1 - 1e-4, 400, 0.95)
    assert coins.carried(sides, np.ones(45, dtype=bool)).high == 1.0
