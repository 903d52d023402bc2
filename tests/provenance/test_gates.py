"""Checks that can withhold a finding."""

import numpy as np
import pytest
from scipy import stats

from provenance.audits import gates
from provenance.stats import recency

ROWS = 400
STRATA = np.zeros(ROWS, dtype=np.int64)


def _curves(order):
    return recency.curves([np.array([at]) for at in order], run_length=len(order))


def _drift(values, order, strata=STRATA):
    return gates.drift("it", values, curves=_curves(order), strata=strata, rng=np.random.default_rng(0))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_drift_is_seen_in_either_direction(sign):
    """What rises along the run fails the gate, and so does what falls."""
    noise = np.random.default_rng(0).normal(size=ROWS)
    found = _drift(sign * (np.arange(ROWS) / 100 + noise), np.arange(ROWS))
    assert not found.passed
    assert "p = 0.0001" in found.detail
    assert "smallest visible correlation" in found.detail


def test_drift_between_strata_is_no_drift():
    """What differs between strata was not shuffled between them."""
    strata = np.repeat([0, 1], ROWS // 2)
    assert _drift(strata.astype(float), np.arange(ROWS), strata).passed


@pytest.mark.parametrize("values", [np.ones(ROWS), np.r_[np.full(6, 2.0), np.ones(ROWS - 6)]], ids=["equal", "skewed"])
def test_true_shuffles_pass(values):
    """Of 2,000 true shuffles as few fail as the gate says, even where six duplicates are all that varies."""
    rng, audits = np.random.default_rng(0), 2000
    failed = sum(not _drift(values, rng.permutation(ROWS)).passed for _ in range(audits))
    assert failed <= stats.binom.isf(1e-4, audits, gates.DRIFT_ALPHA)


def test_only_shuffles_under_which_rows_are_exchangeable_pass():
    """A buffer and the file's own order fail; a claim passes and is left to a caveat."""
    passed = {
        kind: gates.shuffle({"kind": kind}).passed for kind in ("full", "within-stratum", "claimed", "buffer", "none")
    }
    assert passed == {"full": True, "within-stratum": True, "claimed": True, "buffer": False, "none": False}


def test_a_reference_is_told_from_the_suspect_by_its_weights():
    """The same weights under another name are the suspect still."""
    suspect = {"suspect": "hf:a", "weights": "w"}
    assert gates.independent(suspect, [{"suspect": "hf:b", "weights": "v"}]).passed
    assert not gates.independent(suspect, [{"suspect": "hf:b", "weights": "w"}]).passed


def test_ten_units_are_enough_and_nine_are_not():
    """The limit is the stated one."""
    assert (gates.enough(9).passed, gates.enough(10).passed) == (False, True)


def test_a_level_out_of_reach_is_said():
    """Nine pairs have 512 arrangements: none gives a p-value of .001; ten have 1,024."""
    assert not gates.reach(-9 * np.log10(2), alpha=0.001).passed
    assert gates.reach(-10 * np.log10(2), alpha=0.001).passed
