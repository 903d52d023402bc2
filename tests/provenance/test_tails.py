"""Tails that float64 calls 0."""

import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import stats

from provenance.stats import tails


@pytest.mark.parametrize("z", [-3.0, 0.0, 1.0, 8.0, 30.0])
def test_normal_tail_agrees_with_scipy(z):
    """Where SciPy has a number ours is the same."""
    assert tails.normal_log10_sf(z) == pytest.approx(stats.norm.logsf(z) / math.log(10), rel=1e-12)


@pytest.mark.parametrize(("t", "df"), [(-2.0, 5), (0.0, 5), (1.5, 3), (6.0, 50), (20.0, 1000), (37.0, 9998)])
def test_t_tail_agrees_with_scipy(t, df):
    """Where SciPy has a number ours is the same."""
    assert tails.t_log10_sf(t, df) == pytest.approx(math.log10(stats.t.sf(t, df)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("rho", "n"), [(0.36, 10_000), (0.6, 20_000), (0.95, 10_000), (0.99, 2_000)])
def test_far_tails_agree_with_arbitrary_precision(rho, n):
    """Down to 1e-5000 the logarithm agrees with mpmath's to six digits."""
    df = n - 2
    x = mpmath.mpf(df) / (df + mpmath.mpf(rho) ** 2 * df / (1 - mpmath.mpf(rho) ** 2))
    with mpmath.workdps(60):
        exact = mpmath.log10(mpmath.betainc(mpmath.mpf(df) / 2, 0.5, 0, x, regularized=True) / 2)
    assert tails.correlation_log10_sf(rho, n) == pytest.approx(float(exact), rel=1e-6)


def test_correlation_tail_is_scipys_one_sided_pvalue():
    """The tail of a correlation is that of scipy.stats.pearsonr, one-sided."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 200))
    y = y + 0.3 * x
    found = stats.pearsonr(x, y, alternative="greater")
    assert tails.correlation_log10_sf(found.statistic, 200) == pytest.approx(math.log10(found.pvalue), rel=1e-9)


def test_edges():
    """Two pairs say nothing; a perfect correlation has no tail; a negative one is no evidence."""
    assert tails.correlation_log10_sf(0.9, 2) == 0.0
    assert tails.correlation_log10_sf(1.0, 10) == -math.inf
    assert tails.correlation_log10_sf(-0.5, 100) > math.log10(0.99)


def test_published_pvalues_are_reproduced():
    """From ρ and n the tail gives every published p-value to nine digits, down to 1e-304."""
    figures = Path(__file__).parents[2] / "fixtures" / "published" / "order_pvalues.tsv"
    rows = [line.split("\t") for line in figures.read_text().splitlines() if not line.startswith(("#", "rho"))]
    assert len(rows) == 9
    for rho, published, n in rows:
        two_sided = math.log10(2) + tails.correlation_log10_sf(abs(float(rho)), int(n))
        assert two_sided == pytest.approx(math.log10(float(published)), abs=1e-10)
