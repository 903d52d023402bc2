"""Tests of provenance.stats.multiplicity."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.stats.multiplicity import holm

LOGS = st.lists(st.floats(-400, 0), min_size=1, max_size=6)


def closed_testing(log10_pvalues):
    """Adjust by the definition: the largest Bonferroni p over every subset of the family that holds the question."""
    indices = range(len(log10_pvalues))
    subsets = [s for k in range(1, len(log10_pvalues) + 1) for s in itertools.combinations(indices, k)]
    worth = {s: min(0.0, math.log10(len(s)) + min(log10_pvalues[i] for i in s)) for s in subsets}
    return [max(worth[s] for s in subsets if i in s) for i in indices]


def test_hand_computed_case():
    """Of .01, .04, .03, .005 Holm makes .03, .06, .06, .02: computed by hand."""
    adjusted = holm([math.log10(p) for p in (0.01, 0.04, 0.03, 0.005)])
    assert [10**value for value in adjusted] == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(LOGS)
def test_equals_closed_testing(log10_pvalues):
    """Holm is closed testing by Bonferroni: every subset enumerated gives the same adjusted values."""
    assert holm(log10_pvalues) == pytest.approx(closed_testing(log10_pvalues), abs=1e-9)


@given(LOGS)
def test_monotone_and_bounded(log10_pvalues):
    """Adjusted values keep the order of the p-values, are never smaller than them, and never above p = 1."""
    adjusted = np.array(holm(log10_pvalues))
    assert np.all(np.diff(adjusted[np.argsort(log10_pvalues)]) >= 0)
    assert np.all(adjusted >= np.array(log10_pvalues) - 1e-12)
    assert np.all(adjusted <= 0)


@given(LOGS, st.randoms(use_true_random=False))
def test_order_of_questions_does_not_matter(log10_pvalues, random):
    """Shuffling the questions shuffles the answers with them."""
    order = list(range(len(log10_pvalues)))
    random.shuffle(order)
    shuffled = holm([log10_pvalues[i] for i in order])
    assert shuffled == tuple(holm(log10_pvalues)[i] for i in order)


def test_ties_get_equal_answers():
    """Equal p-values are adjusted equally, by the larger factor."""
    assert holm([-4.0, -4.0, -1.0])[:2] == (-4.0 + math.log10(3),) * 2


def test_one_question_is_left_alone():
    """A family of one has nothing to adjust."""
    assert holm([-4.0]) == (-4.0,)


def test_beyond_float64():
    """P-values that float64 cannot hold are adjusted all the same."""
    assert holm([-5000.0, -0.2])[0] == pytest.approx(-5000.0 + math.log10(2))


@given(LOGS, st.lists(st.floats(-400, 0), max_size=3))
def test_missing_answers_never_help(log10_pvalues, missing):
    """Whatever the missing answers would have been, the adjusted values with `size` are at least as large."""
    full = holm([*log10_pvalues, *missing])[: len(log10_pvalues)]
    partial = holm(log10_pvalues, size=len(log10_pvalues) + len(missing))
    assert np.all(np.array(partial) >= np.array(full) - 1e-12)


@pytest.mark.parametrize("bad", [[0.1], [math.nan], [-math.inf]])
def test_no_logarithm_of_a_p_value(bad):
    """A p above 1, of nothing, or of 0 is the caller's mistake."""
    with pytest.raises(ValueError, match="log10"):
        holm(bad)


def test_family_smaller_than_its_members():
    """A family cannot be smaller than the answers given."""
    with pytest.raises(ValueError, match="family of 1"):
        holm([-1.0, -2.0], size=1)
