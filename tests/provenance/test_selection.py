"""Which rows are asked: spread, fixed beforehand, blind to what a suspect says, and exact all the same."""

import dataclasses
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance.audits import examples, order, selection, traces
from provenance.audits.selection import Selection
from provenance.records import Score
from provenance.scoring import Scores
from provenance.transcripts.tables import Transcript

ROWS = 4000


def _transcript(positions, **given):
    """A transcript that was never written."""
    times = tuple(np.atleast_1d(np.asarray(where)) for where in positions)
    count = len(times)
    columns = {"strata": (None,) * count, "units": (None,) * count, "sha256": "run"} | given
    return Transcript(
        path=Path("run.parquet"),
        ids=tuple(f"row-{row}" for row in range(count)),
        positions=times,
        tokens=tuple((row % 7, row % 5, row % 3) for row in range(count)),
        texts=(None,) * count,
        tokenizer=None,
        run_length=1 + int(max(where.max() for where in times)),
        position_unit="example",
        shuffle={"kind": "full"},
        **columns,
    )


def _scores(transcript, values, *, rows=None):
    kept = range(len(transcript.ids)) if rows is None else rows
    answers = tuple(Score(id=transcript.ids[row], logprob=np.float32([values[row]])) for row in kept)
    suspect = {"suspect": "fake", "kind": "fake", "weights": "fake"}
    return Scores(rows=answers, suspect=suspect, rendering="sum", window=None, inputs={}, sha256="fake")


@pytest.fixture(scope="module")
def shuffled():
    """A run of 4,000 rows in a random order; row and position are not the same."""
    return _transcript(np.random.default_rng(0).permutation(ROWS))


def _last(layout):
    return np.array([times.max() for times in layout.positions])


def test_recent_rows_are_log_uniform_near_the_end(shuffled):
    """Half of the rows lie near the end, as many for each factor of distance; half in the first third, evenly."""
    chosen = selection.choose(shuffled, Selection(queries=200), seed=0)
    distance = 1 - _last(chosen) / ROWS
    late = distance[distance <= 0.5]
    assert len(distance) == 200
    assert len(late) == 100
    decades = [
        np.mean((late >= low) & (late < high)) for low, high in itertools.pairwise((0.002, 0.0093, 0.0431, 0.2001))
    ]
    assert decades == pytest.approx([1 / 3] * 3, abs=0.15)
    early = distance[distance > 0.5]
    assert stats.kstest(early, "uniform", args=(2 / 3, 1 / 3)).pvalue > 0.001


def test_uniform_rows_are_uniform_and_no_head_of_the_file(shuffled):
    """Neither the first rows of the file nor one end of the run."""
    chosen = selection.choose(shuffled, Selection(queries=400, rule="uniform"), seed=0)
    for values in (_last(chosen) / ROWS, chosen.rows / ROWS):
        assert stats.kstest(values, "uniform").pvalue > 0.001


def test_the_first_rows_of_a_sorted_file_are_not_the_choice():
    """A file in the order of the run, ten per cent asked: both ends of the run are there."""
    chosen = selection.choose(_transcript(np.arange(1000)), Selection(queries=100), seed=0)
    assert _last(chosen).min() < 100
    assert _last(chosen).max() > 950


@pytest.mark.parametrize("rule", ["recent", "uniform"])
def test_the_choice_is_fixed_by_seed_and_transcript(shuffled, rule):
    """The same twice; another seed or another transcript chooses others; the order of the file chooses nothing."""
    first, again, other = (
        selection.choose(shuffled, Selection(queries=100, rule=rule), seed=seed).names for seed in (0, 0, 1)
    )
    assert first == again
    assert set(first) != set(other)
    turned = dataclasses.replace(
        shuffled,
        **{name: getattr(shuffled, name)[::-1] for name in ("ids", "positions", "tokens", "texts", "strata", "units")},
    )
    assert selection.choose(turned, Selection(queries=100, rule=rule), seed=0).names == first


def test_all_rows_or_more_are_all(shuffled):
    """Who may ask everything asks everything, in the usual walk."""
    whole = examples.lay_out(shuffled, seed=0)
    for chosen in (None, Selection(queries=ROWS), Selection(queries=10 * ROWS)):
        assert selection.choose(shuffled, chosen, seed=0).names == whole.names


def test_units_are_chosen_whole():
    """Rows that were shuffled as one are asked together; no more rows than allowed."""
    units = tuple(str(row // 4) for row in range(400))
    transcript = _transcript(np.arange(400), units=units)
    chosen = selection.choose(transcript, Selection(queries=50), seed=0)
    assert len(chosen.rows) == 48
    assert set(Counter(units[row] for row in chosen.rows).values()) == {4}


def test_several_epochs_count_by_the_last():
    """In the last of two epochs half of the rows lie in its later half."""
    rng = np.random.default_rng(0)
    times = np.column_stack([rng.permutation(1000), 1000 + rng.permutation(1000)])
    chosen = selection.choose(_transcript(list(times)), Selection(queries=100), seed=0)
    assert np.mean(_last(chosen) >= 1500) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("queries", [1, 9, 60, 99])
def test_any_number_can_be_chosen(queries):
    """Where too few lie near the end the others fill up."""
    transcript = _transcript(np.random.default_rng(0).permutation(100))
    assert len(selection.choose(transcript, Selection(queries=queries), seed=0).rows) == queries


@pytest.mark.parametrize("given", [{"queries": 0}, {"queries": 5, "rule": "first"}])
def test_no_rows_and_unknown_rules_are_refused(given):
    """A caller's mistake."""
    with pytest.raises(ValueError, match="selection"):
        Selection(**given)


def test_which_example_is_chosen_is_left_to_chance_among_ties():
    """Rows of one step tie; over many transcripts each of them is chosen equally often, whatever its hash."""
    counts = Counter()
    for run in range(600):
        transcript = _transcript(np.arange(12) // 4, sha256=str(run))
        counts.update(selection.choose(transcript, Selection(queries=6), seed=0).names)
    for step in range(3):
        share = [counts[f"row row-{row}"] for row in range(4 * step, 4 * step + 4)]
        assert stats.chisquare(share).pvalue > 1e-4


def test_scores_of_the_rows_chosen_are_enough(shuffled):
    """A table of just those rows gives the same evidence as one of all; it says how they were chosen."""
    chosen = Selection(queries=300)
    values = np.array([at.item() for at in shuffled.positions]) / ROWS + np.random.default_rng(1).normal(size=ROWS)
    layout = selection.choose(shuffled, chosen, seed=3)
    some, every = _scores(shuffled, values, rows=layout.rows.tolist()), _scores(shuffled, values)
    found = [order.audit(shuffled, one, selection=chosen, seed=3, resamples=999) for one in (some, every)]
    assert found[0] == found[1]
    assert found[0].n == 300
    assert "rows=recent(queries=300)" in found[0].pvalue_method
    assert (found[0].selection["rule"], found[0].selection["asked"], found[0].selection["of"]) == ("recent", 300, ROWS)
    assert [record.id for record in selection.records(shuffled, chosen, seed=3)] == [
        shuffled.ids[row] for row in layout.rows
    ]


def test_null_audits_of_chosen_rows_hold_their_level():
    """2,000 runs whose order the suspect does not know, ties and duplicates among the rows: p holds its level."""
    rng, audits, rows = np.random.default_rng(0), 2000, 120
    values = np.repeat(rng.normal(size=rows // 2), 2)
    pvalues, peaks = [], []
    for run in range(audits):
        transcript = _transcript(rng.permutation(rows) // 3, sha256=str(run))
        layout = selection.choose(transcript, Selection(queries=40), seed=0)
        picked = values[layout.rows]
        curves = traces.recency.curves(layout.positions, run_length=transcript.run_length)
        found = traces.permutation.family_test(picked, curves, strata=layout.strata, resamples=199, rng=rng)
        pvalues.append(found.pvalue)
        bets = np.clip(np.round(picked), -2, 2)
        peaks.append(traces.betting.order_capital(bets, curves, strata=layout.strata).log10_max)
    for alpha in (0.1, 0.05, 0.01):
        limit = stats.binom.isf(1e-4, audits, alpha)
        assert np.sum(np.array(pvalues) <= alpha + 1e-12) <= limit
        assert np.sum(np.array(peaks) >= -np.log10(alpha)) <= limit


def test_recent_rows_tell_more_of_a_memory_that_fades_fast():
    """Where the run is forgotten by e over a twentieth, 300 recent rows give far more than 300 of any."""
    rng, tails = np.random.default_rng(0), {"recent": [], "uniform": []}
    for run in range(5):
        transcript = _transcript(rng.permutation(ROWS), sha256=str(run))
        u = np.array([at.item() for at in transcript.positions]) / ROWS
        scores = _scores(transcript, 0.8 * np.exp((u - 1) / 0.05) + rng.normal(size=ROWS))
        for rule, found in tails.items():
            chosen = Selection(queries=300, rule=rule)
            found.append(order.audit(transcript, scores, selection=chosen, resamples=99).asymptotic.log10_pvalue)
    assert np.mean(tails["recent"]) < 2 * np.mean(tails["uniform"])
