"""E-values: fair under the null, whatever the ties, strata and stopping time."""

import itertools

import numpy as np
import pytest

from provenance.stats import betting

CURVES = np.array([[0.1, 0.5], [0.1, 0.2], [0.7, 0.2], [0.9, 3.0], [0.4, 0.1]])
BETS = np.array([0.0, 1.25, -2.5, 0.5, 2.5])


@pytest.mark.parametrize("strata", [np.zeros(5, dtype=int), np.array([0, 1, 0, 1, 0])])
def test_order_capital_is_expected_to_stay_at_1(strata):
    """Over all shuffles within strata the mean capital is exactly 1, after every row."""
    paths = [
        betting.order_capital(BETS, CURVES[list(order)], strata=strata).path
        for order in itertools.permutations(range(5))
        if all(strata[list(order)] == strata)
    ]
    assert np.exp(paths).mean(axis=0) == pytest.approx(np.ones(5), abs=1e-9)


def test_redraw_capital_is_expected_to_stay_at_1():
    """Over all indices that could have been published the mean capital is exactly 1, after every document."""
    scores = np.array([[1.0, 2.0, 2.0], [0.5, 0.1, np.nan], [3.0, -1.0, 0.0]])
    sizes = [3, 2, 3]
    paths = []
    for drawn in itertools.product(*map(range, sizes)):
        table = scores.copy()
        for row, index in enumerate(drawn):
            table[row, [0, index]] = table[row, [index, 0]]
        paths.append(betting.redraw_capital(table).path)
    assert np.exp(paths).mean(axis=0) == pytest.approx(np.ones(3), abs=1e-9)


def test_a_strong_trace_pays():
    """Rows with large bets at large positions multiply the capital by far more than 10^20."""
    rng = np.random.default_rng(0)
    u = rng.permutation(1000) / 1000
    bets = np.clip(3 * (u - 0.5) + rng.normal(size=1000), -2.5, 2.5)
    assert betting.order_capital(bets, u[:, None], strata=np.zeros(1000, dtype=int)).log10 > 20
    assert betting.order_capital(-bets, u[:, None], strata=np.zeros(1000, dtype=int)).log10 < 0


def test_no_bets_no_gain():
    """Bets of 0 leave the capital at 1, and the highest capital is never below 1."""
    capital = betting.order_capital(np.zeros(5), CURVES, strata=np.zeros(5, dtype=int))
    assert capital.log10 == pytest.approx(0, abs=1e-12)
    assert capital.log10_max == pytest.approx(0, abs=1e-12)


def test_ever_reaching_20_is_rare():
    """Of 2,000 shuffles at most a twentieth ever reach capital 20 (Ville)."""
    rng = np.random.default_rng(1)
    bets = np.clip(rng.normal(size=120), -2.5, 2.5)
    curve = np.repeat(np.arange(40.0), 3)[:, None]
    strata = np.zeros(120, dtype=int)
    peaks = [betting.order_capital(bets, rng.permutation(curve), strata=strata).log10_max for _ in range(2000)]
    assert np.mean(np.array(peaks) >= np.log10(20)) <= 0.05


def test_one_late_position_among_many_overflows_nothing():
    """A curve whose one late position lies hundreds of standard deviations out still gives a finite capital."""
    curve = np.zeros((200_000, 1))
    curve[100_000] = 1.0
    found = betting.order_capital(np.full(200_000, 2.5), curve, strata=np.zeros(200_000, dtype=int))
    assert np.isfinite(found.path).all()


def test_a_watermark_pays():
    """Two hundred documents whose published variant mostly leads multiply the capital; if it trails they cost."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 5)) + np.array([1.0, 0, 0, 0, 0])
    centred = scores - scores.mean(axis=1, keepdims=True)
    assert betting.redraw_capital(centred).log10 > 10
    assert betting.redraw_capital(-centred).log10 < 0


@pytest.mark.parametrize("cells", [1, 900, 2_000])
def test_strategies_are_averaged_a_few_at_a_time(monkeypatch, cells):
    """However few are held together, the capital is the same to the last bit."""
    rng = np.random.default_rng(3)
    bets, curves, strata = rng.normal(size=400), rng.normal(size=(420, 3)), rng.integers(0, 5, size=420)
    whole = betting.order_capital(bets, curves, strata=strata).path
    monkeypatch.setattr(betting, "HELD_CELLS", cells)
    assert np.array_equal(betting.order_capital(bets, curves, strata=strata).path, whole)
