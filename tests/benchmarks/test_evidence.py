"""The counting of queries and the published statistics are what they say."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance.records import Score

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
counting, published, settings = (
    importlib.import_module(f"queries.{name}") for name in ("counting", "published", "settings")
)


def test_queries_are_read_off_where_the_curve_crosses():
    """A log10 p that falls by one a query crosses 1e-3 at three times as many as 1e-1; medians look at every draw."""
    seen = []

    def log10_p(queries, draw):
        seen.append((queries, draw))
        return -queries / 10

    points = counting.curve(log10_p, most=1_000, draws=3, target=-3.0)
    found = counting.needed(points, target=-3.0)
    assert found.queries == pytest.approx(30, rel=0.02)
    assert not found.extrapolated
    assert points[-1][1] < -3.3
    assert {draw for _, draw in seen} == {0, 1, 2}


def test_what_does_not_suffice_is_extrapolated_by_the_square_of_z():
    """Twice the z needs four times the queries, and no number goes beyond twenty times what there is."""
    half = float(np.log10(stats.norm.sf(counting.z_of(-8.0) / 2)))
    found = counting.needed([(16, -0.1), (100, half)], target=-8.0)
    assert found.queries == pytest.approx(400)
    assert found.extrapolated
    assert not found.at_least
    nothing = counting.needed([(16, 0.0), (100, -0.2)], target=-8.0)
    assert (nothing.queries, nothing.at_least) == (2_000, True)


@pytest.mark.parametrize("log10_p", [-0.4, -3.0, -8.0, -40.0])
def test_z_is_that_of_the_normal_tail(log10_p):
    """SciPy's tail at z gives p back."""
    assert stats.norm.logsf(counting.z_of(log10_p)) / np.log(10) == pytest.approx(log10_p)
    assert counting.z_of(-0.1) == 0


def test_a_ratio_is_a_geometric_mean():
    """Half and twice make one."""
    ours, theirs = (counting.Needed(queries=queries, extrapolated=False) for queries in (50.0, 100.0))
    assert counting.ratio([(ours, theirs), (theirs, ours)]) == pytest.approx(1)
    assert counting.ratio([(ours, theirs)]) == pytest.approx(0.5)


def test_published_statistics_agree_with_scipy():
    """Welch's p is SciPy's, one-sided, and so is Spearman's; late rows that a model likes speak for the claim."""
    rng = np.random.default_rng(0)
    seen, unseen = rng.normal(0.4, 1, 30), rng.normal(0, 2, 50)
    expected = stats.ttest_ind(seen, unseen, equal_var=False, alternative="greater").pvalue
    assert 10 ** published.welch_log10(seen, unseen) == pytest.approx(expected)
    positions = rng.permutation(40).astype(float)
    gaps = positions / 40 + rng.normal(size=40)
    expected = stats.spearmanr(positions, gaps, alternative="greater").pvalue
    assert 10 ** published.spearman_log10(positions, gaps) == pytest.approx(expected)


def test_min_k_plus_is_the_mean_of_the_lowest_fifth():
    """Of five standardised tokens the lowest counts, of one the one."""
    row = Score(
        id="a",
        logprob=np.float32([-1, -2, -3, -4, -9]),
        mean=np.float32([-2] * 5),
        sd=np.float32([1, 1, 1, 1, 2]),
    )
    assert published.min_k_plus(row) == pytest.approx(-3.5)


def test_settings_have_names_of_their_own():
    """Every model of an audit has its own file of answers."""
    names = [model.name for model in (settings.ORDER_REFERENCE, *settings.RUNS)]
    doses = [model.name for model in (settings.DOSE_REFERENCE, *settings.DOSES)]
    assert len(set(names)) == len(names)
    assert len(set(doses)) == len(doses)
