"""What is left of a score when references and features have been taken out."""

import numpy as np
import pytest

from provenance.audits import residuals
from provenance.audits.residuals import Predictors

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(400, 2))
REFERENCE = RNG.normal(size=400)


def test_references_and_features_are_taken_out():
    """A score that is a sum of both leaves nothing but noise."""
    noise = RNG.normal(size=400)
    scores = 2 + 3 * REFERENCE - 4 * FEATURES[:, 0] + 0.01 * noise
    left = residuals.crossfit(scores, Predictors(references=REFERENCE[:, None], features=FEATURES))
    assert np.corrcoef(left, noise)[0, 1] > 0.99


def test_coefficients_of_references_are_never_negative():
    """A reference that moves against the score gets weight 0; a feature may have any sign."""
    predictors = Predictors(references=-REFERENCE[:, None], features=FEATURES[:, :0])
    left = residuals.crossfit(REFERENCE.copy(), predictors)
    assert left == pytest.approx(REFERENCE - REFERENCE.mean(), abs=0.1)


def test_constant_and_collinear_columns_do_no_harm():
    """A constant feature takes no part; a feature that stands twice leaves what one leaves."""
    scores = FEATURES[:, 0] + RNG.normal(size=400)
    once = Predictors(references=np.empty((400, 0)), features=FEATURES[:, :1])
    constant = Predictors(references=np.empty((400, 0)), features=np.column_stack([FEATURES[:, :1], np.ones(400)]))
    twice = Predictors(references=np.empty((400, 0)), features=FEATURES[:, [0, 0]])
    expected = residuals.crossfit(scores, once)
    assert residuals.crossfit(scores, constant) == pytest.approx(expected, abs=1e-5)
    assert residuals.crossfit(scores, twice) == pytest.approx(expected, abs=1e-5)


def test_bets_use_earlier_rows_only():
    """What comes later never changes a bet: a sequence cut short has the same bets."""
    scores = REFERENCE + RNG.normal(size=400)
    whole = residuals.sequential_bets(scores, Predictors(references=REFERENCE[:, None], features=FEATURES))
    part = residuals.sequential_bets(
        scores[:150], Predictors(references=REFERENCE[:150, None], features=FEATURES[:150])
    )
    assert whole[:128] == pytest.approx(part[:128])
    assert np.all(whole[: residuals.FIRST_BLOCK] == 0)
    assert np.abs(whole).max() <= residuals.BET_LIMIT


@pytest.mark.parametrize("rows", [1, 2, 3, 6])
def test_fewer_rows_than_predictors(rows):
    """A handful of rows gives finite residuals: whether they mean anything is for a gate to say."""
    predictors = Predictors(references=REFERENCE[:rows, None], features=FEATURES[:rows])
    if rows > 1:
        assert np.isfinite(residuals.crossfit(REFERENCE[:rows].copy(), predictors)).all()
    assert not residuals.sequential_bets(REFERENCE[:rows].copy(), predictors).any()


def test_fitted_weights_of_references_are_never_negative():
    """Over many random fits no reference's weight is below 0, while features take any sign."""
    rng, signs = np.random.default_rng(1), set()
    for _ in range(100):
        design = np.column_stack([rng.normal(size=(40, 3)), np.ones(40)])
        lower = np.array([0.0, 0.0, -np.inf, -np.inf])
        weights = residuals._fit(design, rng.normal(size=40), lower)
        assert weights[:2].min() >= 0
        signs.add(np.sign(weights[2]))
    assert signs == {-1.0, 1.0}
