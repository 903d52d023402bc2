"""One number a record."""

import numpy as np
import pytest

from provenance.audits import signals
from provenance.errors import InputError, MismatchError
from provenance.records import Score
from provenance.scoring import Scores


def _scores(*rows, rendering="tokens"):
    suspect = {"suspect": "fake", "kind": "fake", "weights": "fake"}
    return Scores(rows=rows, suspect=suspect, rendering=rendering, window=None, inputs={}, sha256="fake")


def _row(logprob, **given):
    return Score(**{"id": "a", "logprob": np.asarray(logprob, dtype=np.float32)} | given)


def test_tokens_are_averaged_zeros_included():
    """A token of probability 1 counts as a token: dropping it would shift the mean."""
    assert signals.mean_logprob(_scores(_row([-1.0, 0.0, -2.0]))) == pytest.approx([-1.0])


def test_text_is_averaged_over_characters():
    """Where a suspect has tokens of its own the mean is a character's, so that tokenizers do not matter."""
    assert signals.mean_logprob(_scores(_row([-3.0, -3.0], ends=(4, 12)), rendering="text")) == pytest.approx([-0.5])


def test_a_sum_stays_a_sum():
    """A number computed elsewhere is taken as it is."""
    assert signals.mean_logprob(_scores(_row([-7.0]), rendering="sum")) == pytest.approx([-7.0])


def test_what_was_not_scored_is_no_number():
    """An empty answer is NaN, never 0."""
    scores = _scores(_row([]))
    assert np.isnan(signals.mean_logprob(scores)).all()
    assert np.isnan(signals.total_logprob(scores)).all()


def test_sums_are_taken_in_double_precision():
    """Float32 log-probabilities are added in float64: ten million tokens lose no nat."""
    assert signals.total_logprob(_scores(_row(np.full(3_000_000, -0.1)))) == pytest.approx(
        [3_000_000 * float(np.float32(-0.1))], rel=1e-12
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_with_ids(bad):
    """NaN and infinities are refused, with their count and ids."""
    with pytest.raises(InputError, match=r"1 records.*: b"):
        signals.check_finite(_scores(_row([-1.0]), _row([-1.0, bad], id="b")))


def test_records_are_named_by_set_id_and_variant():
    """The same id in two sets, or two variants, is two records; a record that stands twice is refused."""
    rows = (_row([-1.0]), _row([-1.0], set="s"), _row([-1.0], variant=1), _row([-1.0], view="lower"))
    assert signals.by_record(_scores(*rows), [1, 2, 3, 4]) == {(None, "a", 0): 1, ("s", "a", 0): 2, (None, "a", 1): 3}
    with pytest.raises(MismatchError, match="twice"):
        signals.by_record(_scores(_row([-1.0]), _row([-2.0])), [1, 2])
