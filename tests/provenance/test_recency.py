"""The recency family."""

import numpy as np
import pytest

from provenance.stats import recency


def test_single_epoch():
    """With one position each the first curve is u itself and the others are exp((u − 1)/h)."""
    found = recency.curves([np.array([0]), np.array([9])], run_length=10)
    assert found.shape == (2, len(recency.NAMES))
    assert found[:, 0].tolist() == [0.1, 1.0]
    assert found[1] == pytest.approx(np.ones(7))
    assert found[0, 3] == pytest.approx(np.exp(-0.9 / recency.DECAYS[2]))


def test_epochs_add_up():
    """An example seen in two epochs has the sum of both."""
    twice = recency.curves([np.array([2, 7])], run_length=10)
    each = recency.curves([np.array([2]), np.array([7])], run_length=10)
    assert twice[0] == pytest.approx(each.sum(axis=0))
