"""Tests where every document's published index could have been another."""

import itertools

import numpy as np
import pytest

from provenance.stats import redraw

SCORES = np.array([[3.0, 1.0, 1.0], [0.2, 0.5, np.nan], [2.0, 2.0, 2.0], [0.0, -4.0, 1.0]])


def _all_redraws(centred):
    sizes = [int(np.sum(~np.isnan(row))) for row in centred]
    rows = np.arange(len(centred))
    return np.array([centred[rows, list(drawn)].sum() for drawn in itertools.product(*map(range, sizes))])


def test_centred_scores_are_symmetric_in_the_variants():
    """Each document has mean 0 over its variants and the root of its spread; one whose variants tie is 0."""
    centred = redraw.centre(SCORES)
    assert np.allclose(np.nanmean(centred, axis=1), 0)
    assert np.allclose(np.nanvar(centred, axis=1), np.nanstd(SCORES, axis=1))
    assert np.allclose(redraw.centre(SCORES[:, [1, 0, 2]]), centred[:, [1, 0, 2]], equal_nan=True)
    assert np.array_equal(np.isnan(centred), np.isnan(SCORES))


def test_pvalue_agrees_with_full_enumeration():
    """With many resamples the p-value is the exact share of redraws at least as large."""
    centred = redraw.centre(SCORES)
    exact = np.mean(_all_redraws(centred) >= centred[:, 0].sum() - 1e-12)
    found = redraw.redraw_test(centred, resamples=40_000, rng=np.random.default_rng(0))
    assert found.pvalue == pytest.approx(exact, abs=0.01)


def test_chernoff_bound_is_above_the_exact_tail():
    """The bound never claims more than enumeration gives, and is 1 where the statistic is not positive."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        centred = redraw.centre(rng.normal(size=(5, 3)) + np.array([1.0, 0, 0]))
        exact = np.mean(_all_redraws(centred) >= centred[:, 0].sum() - 1e-12)
        assert 10 ** redraw.chernoff_log10(centred) >= exact - 1e-12
    assert redraw.chernoff_log10(-np.abs(centred)) == 0.0


def test_chernoff_bound_has_no_floor():
    """Four hundred documents that all favour the published variant give a bound far below any permutation's floor."""
    centred = redraw.centre(np.tile([[5.0, 0, 1, 2, 3]], (400, 1)))
    assert redraw.chernoff_log10(centred) < -100


def test_direction_and_ties():
    """A published variant that is less likely is no evidence; documents of ties alone give p = 1."""
    rng = np.random.default_rng(0)
    worse = redraw.centre(np.tile([[0.0, 1.0, 2.0]], (50, 1)))
    assert redraw.redraw_test(worse, resamples=199, rng=rng).pvalue == 1.0
    ties = redraw.centre(np.full((50, 3), 0.1) * 3)
    assert redraw.redraw_test(ties, resamples=199, rng=rng).pvalue == 1.0


def test_win_rate_counts_ties_half_and_has_width():
    """The win rate is the mean over documents; its interval has width even when every document wins."""
    found = redraw.win_rate(SCORES)
    assert found.value == pytest.approx(np.mean([1.0, 0.0, 0.5, 0.5]))
    assert found.ties == pytest.approx(2 / 7)
    sure = redraw.win_rate(np.tile([[1.0, 0.0]], (30, 1)))
    assert sure.value == 1.0
    assert sure.low < 1.0 == sure.high or sure.low < sure.high


def test_rank_counts_are_uniform_under_the_null():
    """Ranks of a random index are uniform, ties being broken at random."""
    rng = np.random.default_rng(0)
    counts = redraw.rank_counts(rng.integers(0, 3, size=(6000, 4)).astype(float), rng=rng)
    assert counts.sum() == 6000
    assert np.abs(counts - 1500).max() < 4 * np.sqrt(6000 * 0.25 * 0.75)


def test_chernoff_bound_knows_no_unit():
    """Nats or thousandths of them: the bound is the same."""
    centred = redraw.centre(np.random.default_rng(0).normal(size=(100, 4)) + np.array([0.8, 0, 0, 0]))
    bounds = [redraw.chernoff_log10(centred * unit) for unit in (1e-5, 1.0, 1e5)]
    assert bounds == pytest.approx([bounds[1]] * 3, rel=1e-6)
    assert bounds[1] < -3


def test_the_floor_is_the_chance_that_every_document_draws_its_best():
    """Enumeration gives the smallest p-value of any deal; documents that tie lower no floor."""
    centred = redraw.centre(SCORES)
    totals = _all_redraws(centred)
    assert redraw.log10_floor(centred) == pytest.approx(np.log10(np.mean(totals >= totals.max() - 1e-12)))


def test_the_least_favourable_index_is_a_lower_bound():
    """The sum at index 0 falls to the smallest of any draw of the marked rows, and the law of the redraw stays."""
    centred = redraw.centre(SCORES)
    exchanged = redraw.least_favourable(centred, [True, False, True, True])
    lowest = np.nanmin(centred, axis=1)
    assert exchanged[:, 0] == pytest.approx([lowest[0], centred[1, 0], lowest[2], lowest[3]])
    assert np.sort(exchanged, axis=1) == pytest.approx(np.sort(centred, axis=1), nan_ok=True)
    assert np.sort(_all_redraws(exchanged)) == pytest.approx(np.sort(_all_redraws(centred)))


def test_chernoff_bound_holds_at_every_draw():
    """Over all draws of a tiny table with ties the bound is nowhere below the exact tail: P(bound ≤ α) ≤ α."""
    table = redraw.centre(np.array([[3.0, 1, 1], [0.2, 0.5, 0.2], [2, 2, 2], [0, -4, 1], [1, 0, 0]]))
    totals = _all_redraws(table)
    for drawn in itertools.product(range(3), repeat=5):
        dealt = np.array([np.roll(row, -index) for row, index in zip(table, drawn, strict=True)])
        assert 10 ** redraw.chernoff_log10(dealt) >= np.mean(totals >= dealt[:, 0].sum() - 1e-12) - 1e-12


def test_a_win_rate_is_never_certain():
    """However few the documents, and whether all win, lose or tie, the interval has width and holds the rate."""
    for table in ([[1.0, 0.0]], [[0.0, 1.0]] * 3, [[1.0, 1.0]] * 3, [[1.0, 0.0], [0.0, 1.0]]):
        found = redraw.win_rate(np.array(table))
        assert found.low < found.high
        assert found.low <= found.value <= found.high


def test_rank_counts_cover_the_most_common_size_only():
    """Documents with fewer variants stay out of the histogram, and every rank has its bar."""
    table = np.array([[1.0, 0.0, 2.0], [3.0, 0.0, 2.0], [5.0, 1.0, np.nan]])
    assert redraw.rank_counts(table, rng=np.random.default_rng(0)).tolist() == [0, 1, 1]
