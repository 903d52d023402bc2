"""Forecasts of power against closed forms and against audits of planted traces."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from provenance.audits import residuals
from provenance.stats import betting, permutation, power, rank, recency, redraw

FAMILY = len(recency.NAMES)


def _planted(n, rho, rng):
    """Positions and a normal number whose Spearman correlation with them is about `rho`."""
    places = rng.permutation(n)
    r = rho * math.sqrt(math.pi / 3)
    noise = rng.standard_normal(n)
    return places, r * ((places + 0.5) / n - 0.5) * math.sqrt(12) + math.sqrt(1 - r * r) * noise


def _largest(places, values):
    """The deciding statistic of an order audit."""
    curves = recency.curves([np.array([place]) for place in places], run_length=len(places))
    scores = rank.normal_scores(values)
    centred, scaled = permutation.standardise(scores, curves, np.zeros(len(places), dtype=np.int64))
    return float((centred @ scaled).max())


def test_units_are_the_closed_form():
    """One test of a unit-deviation statistic: n = ((z_α + z_power)/m)², as in every textbook."""
    n = power.units_needed(power.Drift(mean=0.1), alpha=0.05, power=0.8)
    assert n == math.ceil(((1.6448536 + 0.8416212) / 0.1) ** 2)


@given(
    mean=st.floats(0.01, 1),
    sd=st.floats(0.1, 1),
    alpha=st.floats(1e-9, 0.2),
    wanted=st.floats(0.55, 0.99),
    tests=st.integers(1, 7),
)
def test_fewest_units(mean, sd, alpha, wanted, tests):
    """The number needed reaches the power, and one unit fewer does not."""
    drift = power.Drift(mean=mean, sd=sd)
    n = power.units_needed(drift, alpha=alpha, power=wanted, tests=tests)
    assert power.power(drift, n, alpha=alpha, tests=tests) >= wanted - 1e-6
    assert n == 1 or power.power(drift, n - 1, alpha=alpha, tests=tests) < wanted


@given(alpha=st.floats(1e-6, 0.1), wanted=st.floats(0.5, 0.95), less=st.floats(0.2, 0.9))
def test_more_is_asked_of_harder_questions(alpha, wanted, less):
    """A smaller level, a higher power and a smaller effect never take fewer units."""
    drift, weaker = power.Drift(mean=0.2), power.Drift(mean=0.2 * less)
    n = power.units_needed(drift, alpha=alpha, power=wanted)
    assert power.units_needed(drift, alpha=alpha * less, power=wanted) >= n
    assert power.units_needed(drift, alpha=alpha, power=1 - (1 - wanted) * less) >= n
    assert power.units_needed(weaker, alpha=alpha, power=wanted) >= n


def test_without_an_effect_power_is_the_level():
    """A null audit ends with p ≤ α with chance α, whatever its size."""
    assert power.power(power.Drift(mean=0.0), 500, alpha=0.01) == pytest.approx(0.01)


def test_the_threshold_of_the_family_holds_for_nulls():
    """Of 2,000 null audits no more exceed it than the level allows."""
    rng = np.random.default_rng(0)
    null = [_largest(rng.permutation(80), rng.standard_normal(80)) for _ in range(2000)]
    for alpha in (0.1, 0.05, 0.01):
        assert np.sum(np.array(null) > power.threshold(alpha, tests=FAMILY)) <= stats.binom.isf(1e-4, 2000, alpha)


def test_rho_and_power_of_planted_orders():
    """Planted ρ is the ρ that is measured, and of 400 audits as many find it as was forecast, or up to .1 more."""
    rng = np.random.default_rng(1)
    n = power.units_needed(power.order_drift(0.15), alpha=0.001, power=0.8, tests=FAMILY)
    runs = [_planted(n, 0.15, rng) for _ in range(400)]
    assert np.mean([rank.spearman(*run).rho for run in runs]) == pytest.approx(0.15, abs=0.005)
    found = np.mean([_largest(*run) > power.threshold(0.001, tests=FAMILY) for run in runs])
    assert 0.8 - 3 * 0.02 < found < 0.9 + 3 * 0.02


@pytest.mark.parametrize(("win_rate", "alternates"), [(0.58, 1), (0.58, 4), (0.75, 1)])
def test_power_of_planted_marks(win_rate, alternates):
    """Of 200 audits of deals with this win rate as many have p ≤ .01 as was forecast, or up to .1 more."""
    rng = np.random.default_rng(2)
    drift = power.redraw_drift(win_rate, alternates=alternates, rng=rng)
    n = power.units_needed(drift, alpha=0.01, power=0.8)
    pvalues, wins = [], []
    for _ in range(200):
        scores = rng.standard_normal((n, alternates + 1))
        scores[:, 0] += math.sqrt(2) * stats.norm.ppf(win_rate)
        pvalues.append(redraw.redraw_test(redraw.centre(scores), resamples=999, rng=rng).pvalue)
        wins.append(redraw.win_rate(scores).value)
    assert np.mean(wins) == pytest.approx(win_rate, abs=0.01)
    assert 0.8 - 3 * 0.028 < np.mean(np.array(pvalues) <= 0.01) < 0.9 + 3 * 0.02


def test_documents_first():
    """Per text that is asked, a second alternate tells less than a pair of another document."""
    pair, more = (power.redraw_drift(0.6, alternates=m, rng=np.random.default_rng(0)).mean for m in (1, 4))
    assert more > pair
    assert pair**2 / 2 > 1.3 * more**2 / 5


def test_a_bet_on_a_planted_order():
    """Of 80 real bets 80 % have stopped before the forecast says so, and not before two thirds of it."""
    rng = np.random.default_rng(3)
    bets = power.passages(
        power.order_drift(0.25), alpha=0.01, stakes=betting.ORDER_STAKES, tests=FAMILY, rng=np.random.default_rng(0)
    )
    forecast = bets.by(0.8) + residuals.FIRST_BLOCK
    stops = []
    for _ in range(80):
        places, values = _planted(1000, 0.25, rng)
        nothing = residuals.Predictors(references=np.empty((1000, 0)), features=np.empty((1000, 0)))
        curves = recency.curves([np.array([place]) for place in places], run_length=1000)
        amounts = residuals.sequential_bets(values, nothing)
        path = betting.order_capital(amounts, curves, strata=np.zeros(1000, dtype=np.int64)).path
        stops.append(np.argmax(path >= math.log(100)) if path.max() >= math.log(100) else math.inf)
    assert forecast * 2 / 3 < np.quantile(stops, 0.8, method="higher") < forecast * 1.1


def test_a_bet_on_planted_marks():
    """Of 200 real bets 80 % have stopped before the forecast says so, and not before two thirds of it."""
    rng = np.random.default_rng(4)
    drift = power.redraw_drift(0.6, alternates=1, rng=rng)
    forecast = power.passages(drift, alpha=0.01, stakes=betting.REDRAW_STAKES, rng=rng).by(0.8)
    stops = []
    for _ in range(200):
        scores = rng.standard_normal((1000, 2))
        scores[:, 0] += math.sqrt(2) * stats.norm.ppf(0.6)
        path = betting.redraw_capital(redraw.centre(scores)).path
        stops.append(np.argmax(path >= math.log(100)) + 1 if path.max() >= math.log(100) else math.inf)
    assert forecast * 2 / 3 < np.quantile(stops, 0.8, method="higher") < forecast * 1.1


def test_a_bet_cannot_live_off_nothing():
    """An effect below what the smallest stake pays for never reaches 1/α, and the forecast says infinity."""
    bets = power.passages(
        power.Drift(mean=0.002), alpha=0.001, stakes=betting.ORDER_STAKES, rng=np.random.default_rng(0)
    )
    assert bets.by(0.8) == math.inf
    assert bets.power(10**9) < 0.05


def test_resamples_of_a_family():
    """K claims get 20 K/α resamples."""
    assert power.resamples_needed(claims=3, alpha=0.001) == 60_000


@pytest.mark.parametrize(
    "call",
    [
        lambda: power.order_drift(0.0),
        lambda: power.order_drift(1.0),
        lambda: power.redraw_drift(0.5, alternates=1, rng=np.random.default_rng(0)),
        lambda: power.units_needed(power.Drift(mean=0.0), alpha=0.01, power=0.8),
        lambda: power.units_needed(power.Drift(mean=0.1), alpha=1.0, power=0.8),
        lambda: power.units_needed(power.Drift(mean=0.1), alpha=0.1, power=0.0),
        lambda: power.power(power.Drift(mean=0.1), 10, alpha=math.nan),
    ],
)
def test_callers_mistakes(call):
    """What is no effect, level or power is refused."""
    with pytest.raises(ValueError, match=r"expected|without a drift"):
        call()
