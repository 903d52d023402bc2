"""Curves for a reader, in few points."""

import numpy as np
import pytest

from provenance.audits import plots
from provenance.stats import betting


def test_running_mean_follows_the_values():
    """Bins hold equally many rows in the order of x, and the mean lies inside its band."""
    x = np.random.default_rng(0).permutation(1000.0 * np.arange(1000))
    plot = plots.running_mean("it", x, 2 * x)
    assert len(plot.x) == plots.MEAN_BINS
    assert plot.y == pytest.approx([2 * at for at in plot.x], rel=1e-4)
    assert all(low <= at <= high for low, at, high in zip(plot.low, plot.y, plot.high, strict=True))


@pytest.mark.parametrize("rows", [1, 4, 7])
def test_running_mean_of_few_rows(rows):
    """A handful of rows still makes a curve, without a warning."""
    assert len(plots.running_mean("it", np.arange(float(rows)), np.ones(rows)).x) == max(1, rows // 5)


def test_histogram_counts_everything():
    """No value is left out, not even when all are equal."""
    for values in (np.random.default_rng(0).normal(size=500), np.zeros(500)):
        assert sum(plots.histogram("it", values).y) == 500


def test_bars_count_from_zero():
    """The first bar is that of 0."""
    plot = plots.bars("it", np.array([3, 0, 5]))
    assert (plot.x, plot.y) == ((0.0, 1.0, 2.0), (3.0, 0.0, 5.0))


def test_growth_is_thinned_and_ends_where_the_capital_ends():
    """Ten thousand rows become at most 500 points, the last row among them."""
    capital = betting.Capital(path=np.linspace(0, np.log(1e6), 10_000), method="it")
    plot = plots.growth(capital)
    assert len(plot.x) <= plots.GROWTH_POINTS
    assert (plot.x[-1], plot.y[-1]) == (10_000, pytest.approx(6))


def test_numbers_have_six_digits():
    """Files are the same bytes whatever the last bits of a float."""
    assert plots.numbers(np.array([1 / 3, 1e-9 / 3])) == (0.333333, 3.33333e-10)
