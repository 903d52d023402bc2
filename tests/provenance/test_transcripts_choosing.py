"""Which rows are taken, and that nothing but chance and the distance from the end says so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from provenance.errors import InputError
from provenance.transcripts import choosing


@given(of=st.integers(1, 3000), rows=st.integers(1, 4000), seed=st.integers(0, 2**32))
def test_a_choice_has_the_size_asked_for_and_repeats_nothing(of, rows, seed):
    """Sorted, distinct, inside of the run, and the same whenever it is made."""
    taken = choosing.take(of, rows=rows, seed=seed)
    assert len(taken) == min(rows, of)
    assert (np.diff(taken) > 0).all()
    assert 0 <= taken[0] <= taken[-1] < of
    assert taken.tolist() == choosing.take(of, rows=rows, seed=seed).tolist()


def test_a_uniform_choice_takes_every_place_equally_often():
    """400 choices of 300 of 1,000 places: counts are those of fair draws (χ², corrected for draws without return)."""
    counts = np.bincount(np.concatenate([choosing.take(1000, rows=300, seed=seed) for seed in range(400)]))
    statistic = ((counts - 120) ** 2 / 120).sum() / 0.7
    assert stats.chi2.sf(statistic, 999) > 1e-4
    assert stats.chi2.cdf(statistic, 999) > 1e-4


def test_a_choice_from_a_huge_run_needs_memory_for_itself_alone():
    """1,000 of 10¹² rows."""
    taken = choosing.take(10**12, rows=1000, seed=0)
    assert len(np.unique(taken)) == 1000
    assert taken.max() < 10**12


def test_a_recent_choice_is_half_near_the_end_and_half_early():
    """Distances from the end of the later half are log-uniform from .002 to .5 of the run; the earlier is uniform."""
    taken = choosing.take(10**7, rows=4000, seed=1, select="recent")
    assert len(np.unique(taken)) == 4000
    early, late = taken[taken < 5 * 10**6], taken[taken >= 5 * 10**6]
    assert abs(len(late) - 2000) <= 1
    assert stats.kstest(early / 5e6, "uniform").pvalue > 1e-3
    distance = 1 - late / 1e7
    assert stats.kstest(np.log(distance / 0.002) / np.log(250), "uniform").pvalue > 1e-3


def test_a_recent_choice_ends_before_there_is_nothing_left_to_choose():
    """A quarter of the run can be taken, more is refused with what to try."""
    assert len(choosing.take(1000, rows=250, seed=0, select="recent")) == 250
    with pytest.raises(InputError, match="expected at most 250; try --select uniform"):
        choosing.take(1000, rows=251, seed=0, select="recent")
    with pytest.raises(ValueError, match="selection 'newest'"):
        choosing.take(1000, rows=1, seed=0, select="newest")


@given(seed=st.integers(0, 2**63))
def test_a_row_is_kept_whatever_else_is_asked_about(seed):
    """A row's key is its own, so processes that see different rows agree; a share of one keeps all."""
    rows = np.random.default_rng(seed % 2**32).integers(0, 10**12, size=200)
    whole = choosing.kept(rows, share=0.3, seed=seed)
    assert whole.tolist() == [bool(choosing.kept(rows[i : i + 1], share=0.3, seed=seed)[0]) for i in range(200)]
    assert choosing.kept(rows, share=1.0, seed=seed).all()


def test_kept_rows_are_a_fair_share_of_all():
    """Of 200,000 rows in sequence .05 are kept, within five standard deviations, and no stretch is favoured."""
    flags = choosing.kept(np.arange(200_000), share=0.05, seed=9)
    assert abs(flags.sum() - 10_000) < 5 * np.sqrt(200_000 * 0.05 * 0.95)
    blocks = flags.reshape(200, -1).sum(axis=1)
    assert stats.chi2.sf(((blocks - 50) ** 2 / 47.5).sum(), 200) > 1e-4
    other = choosing.kept(np.arange(200_000), share=0.05, seed=10)
    assert abs((flags & other).sum() - 500) < 5 * np.sqrt(500)
