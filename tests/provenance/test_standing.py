"""Where one number stands among its peers."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from provenance.stats import standing


def stand(observed, others, **how):
    """Ask about plain numbers."""
    return standing.standing(observed, np.array(others, dtype=float), scale=1.0, **how)


@pytest.mark.parametrize("values", [(1.0, 2.0, 3.0, 4.0), (1.0, 1.0, 2.0, 2.0, 2.0), (5.0, 5.0, 5.0)])
def test_exact_by_enumeration_with_ties(values):
    """Over all ways to choose the observed one, p ≤ a comes with chance a at most, and exactly a without ties."""
    pvalues = [
        stand(values[row], [other for at, other in enumerate(values) if at != row]).pvalue for row in range(len(values))
    ]
    for pvalue in pvalues:
        share = Fraction(sum(other <= pvalue for other in pvalues), len(values))
        assert share <= Fraction(pvalue).limit_denominator(100)
        assert len(set(values)) < len(values) or share == Fraction(pvalue).limit_denominator(100)


def test_the_direction_and_the_floor():
    """The largest of all has p = 1/(T + 1), the smallest p = 1."""
    assert stand(9, [1, 2, 3]).pvalue == 1 / 4
    assert stand(0, [1, 2, 3]).pvalue == 1
    assert stand(9, [1, 2, 3]).log10_floor == -math.log10(4)
    assert stand(9, [1, 2, 3]).t > 0 > stand(0, [1, 2, 3]).t


def test_rounding_is_a_tie():
    """0.1 + 0.2 against 0.3 is a tie, and ties count against the claim."""
    assert stand(0.1 + 0.2, [0.3, 0.3]).pvalue == 1
    assert stand(0.1 + 0.2, [0.3, 0.3]).t is None


def test_t_is_scipys():
    """The t number is the two-sample one with a single observation, and its tail SciPy's."""
    rng = np.random.default_rng(0)
    for count in (2, 9, 99):
        others, observed = rng.normal(size=count), rng.normal() + 3
        found = stand(observed, others)
        t = (observed - others.mean()) / (others.std(ddof=1) * math.sqrt(1 + 1 / count))
        assert found.t == pytest.approx(t)
        assert found.log10_asymptotic == pytest.approx(stats.t.logsf(t, count - 1) / math.log(10))
        low, high = stats.t.interval(0.95, count - 1, loc=observed - others.mean(), scale=found.gain / t)
        assert (found.low, found.high) == pytest.approx((low, high))


def test_nine_of_a_normal_keep_their_level():
    """Of 200,000 nulls with nine others .1 % are below .001 by t; read off a normal 1 %, with ddof=0 1.2 %."""
    values = np.random.default_rng(0).normal(size=(200_000, 10))
    observed, others = values[:, 0], values[:, 1:]
    gain = observed - others.mean(axis=1)
    t = gain / (others.std(axis=1, ddof=1) * math.sqrt(1 + 1 / 9))
    assert stand(observed[0], others[0]).t == pytest.approx(t[0])
    by_t = np.mean(t >= stats.t.isf(0.001, 8))
    by_normal, careless = (np.mean(gain / others.std(axis=1, ddof=ddof) >= stats.norm.isf(0.001)) for ddof in (1, 0))
    assert by_t == pytest.approx(0.001, abs=0.0003)
    assert by_normal == pytest.approx(0.0098, abs=0.001)
    assert careless == pytest.approx(0.012, abs=0.001)


@pytest.mark.parametrize("law", [np.random.Generator.standard_normal, np.random.Generator.standard_cauchy])
@pytest.mark.parametrize("digits", [0, 8])
def test_null_ranks_keep_their_level(law, digits):
    """Of 2,000 nulls with 99 others, heavy tails and ties too, no more are below .1, .05, .01 than chance allows."""
    values = law(np.random.default_rng(0), (2000, 100)).round(digits)
    pvalues = np.array([stand(row[0], row[1:]).pvalue for row in values])
    for alpha in (0.1, 0.05, 0.01):
        assert np.count_nonzero(pvalues <= alpha + 1e-12) <= stats.binom.isf(1e-4, 2000, alpha)


def test_how_many_are_needed():
    """T re-runs reach 1/(T + 1), and one fewer does not."""
    for alpha in (0.1, 0.05, 0.01, 0.001, 1e-4, 0.3, 1 / 3):
        count = standing.needed(alpha)
        assert 1 / (count + 1) <= alpha + 1e-12 < 1 / count + 1e-9


def test_two_others_at_least():
    """One other has no spread."""
    with pytest.raises(ValueError, match="1 others"):
        stand(1, [2])


def test_every_order_of_the_others_is_the_same():
    """The others are a set: their order changes nothing."""
    found = {stand(2.5, list(order)).pvalue for order in itertools.permutations([1, 2, 3, 4])}
    assert found == {3 / 5}
