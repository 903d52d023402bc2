"""Units of an order audit: which rows are one, where they stand, what is known of their texts."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from provenance import ragged
from provenance.audits import examples
from provenance.errors import InputError, MismatchError
from provenance.records import Score
from provenance.scoring import Scores
from provenance.stats import permutation, rank, recency
from provenance.transcripts.tables import Transcript

TOKENS = ((5, 6, 7, 8), (5, 6, 7, 8), (9, 9, 9, 9), (1, 2), (3, 1, 4, 1))


def _transcript(positions, **given):
    """A transcript that was never written, with short rows of its own."""
    count = len(positions)
    columns = {
        "ids": tuple(f"row-{row}" for row in range(count)),
        "tokens": tuple(TOKENS[row % len(TOKENS)] for row in range(count)),
        "texts": (None,) * count,
        "strata": (None,) * count,
        "units": (None,) * count,
    } | given
    times = tuple(np.atleast_1d(np.asarray(where)) for where in positions)
    return Transcript(
        path=Path("run.parquet"),
        sha256="run",
        positions=times,
        tokenizer=None,
        run_length=1 + int(max(where.max() for where in times)),
        position_unit="example",
        shuffle={"kind": "full"},
        **columns,
    )


def _scores(transcript, values, *, rendering="tokens", window=None, view="text"):
    rows = tuple(
        Score(id=id_, logprob=np.atleast_1d(np.asarray(value, dtype=np.float32)), view=view)
        for id_, value in zip(transcript.ids, values, strict=True)
    )
    suspect = {"suspect": "fake", "kind": "fake", "weights": "fake"}
    return Scores(rows=rows, suspect=suspect, rendering=rendering, window=window, inputs={}, sha256="fake")


def test_duplicates_are_units_of_their_own():
    """Rows with the same content keep their own positions and scores, and are counted as duplicates."""
    transcript = _transcript([4, 0, 3, 1, 2])
    units = examples.gather(transcript, _scores(transcript, range(5)), [])
    at = {name: row for row, name in enumerate(units.names)}
    assert [units.scores[at[f"row row-{row}"]] for row in range(5)] == [0, 1, 2, 3, 4]
    assert [units.positions[at[f"row row-{row}"]].item() for row in range(5)] == [4, 0, 3, 1, 2]
    assert [units.duplicates[at[f"row row-{row}"]] for row in range(5)] == [2, 2, 1, 1, 1]


def test_a_unit_and_a_row_of_the_same_name_are_two():
    """A row that was shuffled alone never joins a unit that happens to be called as it is."""
    transcript = _transcript([0, 1, 2, 3, 4], units=("row-3", "row-3", None, None, None))
    assert len(examples.gather(transcript, _scores(transcript, range(5)), []).names) == 4


def test_several_epochs_are_one_value():
    """All positions of an example stay together, in the order in which they were recorded."""
    transcript = _transcript([[4, 5], [0, 9], [3, 6], [1, 8], [2, 7]])
    units = examples.gather(transcript, _scores(transcript, range(5)), [])
    assert sorted(where.tolist() for where in units.positions) == [[0, 9], [1, 8], [2, 7], [3, 6], [4, 5]]


def test_rows_that_were_not_measured_are_dropped_on_all_sides():
    """A row that the suspect or a reference could not measure is dropped for both, and counted."""
    transcript = _transcript([4, 0, 3, 1, 2])
    suspect = _scores(transcript, [[1], [2], [3], [], [5]])
    reference = _scores(transcript, [[], [2], [3], [4], [5]])
    units = examples.gather(transcript, suspect, [reference])
    assert (len(units.names), units.references.shape, units.dropped) == (3, (3, 1), 2)


def _spelt(transcript, totals, tokens, characters):
    """Answers about text: so many tokens, the last of which ends after so many characters."""
    rows = tuple(
        Score(
            id=id_,
            logprob=np.full(count, total / count, dtype=np.float32),
            ends=(*range(1, count), length),
        )
        for id_, total, count, length in zip(transcript.ids, totals, tokens, characters, strict=True)
    )
    suspect = {"suspect": "spelt", "kind": "fake", "weights": "spelt"}
    return Scores(rows=rows, suspect=suspect, rendering="text", window=None, inputs={}, sha256="spelt")


def test_tokenizers_of_all_sorts_are_compared_in_units_of_the_transcript():
    """Sums over ids of the row, for all; how the suspect cut the text is a feature. Before, each had its own units."""
    transcript = _transcript(range(5))
    ids = np.array([4, 4, 4, 2, 4])
    totals, tokens, letters = np.arange(-9.0, -4.0), np.array([3, 2, 5, 1, 2]), np.array([12, 9, 20, 7, 8])
    suspect = _spelt(transcript, totals, tokens, letters)
    reference = _scores(transcript, [np.full(count, -2.0) for count in ids])
    units = examples.gather(transcript, suspect, [reference])
    at = [units.names.index(f"row row-{row}") for row in range(5)]
    assert units.scores[at] == pytest.approx(totals / ids)
    assert units.references[at, 0] == pytest.approx([-2.0] * 5)
    assert units.features[at][:, 3:] == pytest.approx(np.column_stack([tokens, letters]) / ids[:, None])
    before = examples.gather(transcript, suspect, [reference], in_common=False)
    assert before.scores[at] == pytest.approx(totals / letters)
    assert before.features.shape == (5, 3)
    turned = examples.gather(transcript, reference, [suspect])
    assert turned.references[at, 0] == pytest.approx(totals / ids)
    assert turned.features.shape == (5, 3)


@pytest.mark.parametrize("tokens", [(None,) * 5, (*TOKENS[:4], None)])
def test_rows_without_ids_are_counted_by_what_was_read_of_them(tokens):
    """Where no row or only some have ids, all are asked as text, and the whole row is no measure of its window."""
    transcript = _transcript(range(5), tokens=tokens, texts=("some words of a row",) * 5)
    totals, letters = np.arange(-9.0, -4.0), np.array([12, 9, 20, 7, 8])
    suspect, reference = (_spelt(transcript, many, [3, 2, 5, 1, 2], letters) for many in (totals, 2 * totals))
    units = examples.gather(transcript, suspect, [reference])
    at = [units.names.index(f"row row-{row}") for row in range(5)]
    assert not units.in_common
    assert units.scores[at] == pytest.approx(totals / letters)
    assert units.references[at, 0] == pytest.approx(2 * totals / letters)
    assert units.features.shape == (5, 3)


def test_of_some_rows_it_counts_whether_these_have_ids():
    """Rows that take no part may have none."""
    transcript = _transcript(range(5), tokens=(*TOKENS[:4], None), texts=("some words",) * 5)
    layout = examples.lay_out(transcript, seed=0)
    chosen = layout.restricted(np.array([name != "row row-4" for name in layout.names]))
    assert [examples.know(transcript, each, window=None).with_ids for each in (layout, chosen)] == [False, True]


@pytest.mark.parametrize(("windows", "told"), [(("8:56", "32:32"), "window 32:32"), (("8:56", None), "all tokens")])
def test_a_reference_that_was_asked_about_other_tokens_is_refused(windows, told):
    """Sums over other tokens of the same rows are no measure of how hard these are; sums of a column are anybody's."""
    transcript = _transcript(range(5))
    suspect, reference = (_scores(transcript, range(5), window=window) for window in windows)
    with pytest.raises(MismatchError, match=f"was asked about {told}.*expected the same tokens of every row"):
        examples.gather(transcript, suspect, [reference])
    column = _scores(transcript, range(5), window=windows[1], rendering="sum")
    assert len(examples.gather(transcript, suspect, [column]).names) == 5


def test_where_all_have_the_same_ids_nothing_is_counted_otherwise():
    """Without anybody who was asked about text the numbers are means over tokens, however it is asked for."""
    transcript = _transcript(range(5))
    one, two = (
        examples.gather(transcript, _scores(transcript, range(5)), [_scores(transcript, range(5))], in_common=in_common)
        for in_common in (True, False)
    )
    assert np.array_equal(one.scores, two.scores)
    assert np.array_equal(one.features, two.features)


def test_a_window_that_no_row_reaches_is_refused():
    """Nothing measured is an error that names the option to try."""
    transcript = _transcript([0, 1, 2])
    with pytest.raises(InputError, match="--window"):
        examples.gather(transcript, _scores(transcript, [[], [], []], window="32:32"), [])


def test_features_are_of_what_was_scored():
    """Length, unigram surprisal and compressed bits are those of the tokens inside the window."""
    transcript = _transcript([0, 1, 2], tokens=((7, 7, 1, 2), (8, 8, 2, 1), (9, 9, 1, 1)))
    features = examples.gather(transcript, _scores(transcript, range(3), window="2:2"), []).features
    assert np.exp(features[:, 0]) == pytest.approx([2, 2, 2])
    assert sorted(features[:, 1]) == pytest.approx(
        sorted([-np.log(4 / 6), *[-(np.log(4 / 6) + np.log(2 / 6)) / 2] * 2])
    )


def test_other_views_of_a_text_stay_out():
    """Scores of the lower-cased text never stand in for those of the text."""
    transcript = _transcript([0, 1, 2])
    plain, lower = _scores(transcript, [1, 2, 3]), _scores(transcript, [7, 7, 7], view="lower")
    both = Scores(
        rows=(*plain.rows, *lower.rows),
        suspect=plain.suspect,
        rendering="tokens",
        window=None,
        inputs={},
        sha256="both",
    )
    assert sorted(examples.gather(transcript, both, []).scores) == [1, 2, 3]


def test_a_row_scored_twice_is_refused():
    """Which of two answers counts would depend on the order of the file."""
    transcript = _transcript([0, 1, 2])
    once = _scores(transcript, [1, 2, 3])
    twice = Scores(rows=once.rows * 2, suspect=once.suspect, rendering="tokens", window=None, inputs={}, sha256="twice")
    with pytest.raises(MismatchError, match="twice"):
        examples.gather(transcript, twice, [])


def test_long_documents_are_not_taken_for_early_ones():
    """Documents of very unequal length, shuffled whole, with a score that knows the length: p holds its level.

    By the position of the first row a tenth of such nulls come out at .05.
    """
    rng, audits, hits = np.random.default_rng(0), 600, 0
    sizes = np.minimum(1 + rng.pareto(1, 60) * 3, 60).astype(int)
    for _ in range(audits):
        starts = np.empty(60, dtype=int)
        order = rng.permutation(60)
        starts[order] = np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
        transcript = _transcript(starts, units=tuple(map(str, range(60))))
        places = examples._positions(ragged.of(transcript.positions), transcript.run_length, shuffled_singly=False)
        curves = recency.curves(places, run_length=transcript.run_length)
        found = permutation.family_test(
            rank.normal_scores(-sizes.astype(float)), curves, strata=np.zeros(60, dtype=int), resamples=199, rng=rng
        )
        hits += found.pvalue <= 0.05
    assert hits <= stats.binom.isf(1e-4, audits, 0.05)
