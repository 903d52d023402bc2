"""What is taken out of a suspect's answers."""

import dataclasses

import numpy as np
import pytest

from provenance import scoring
from provenance.errors import InputError, MismatchError
from watermark import likelihoods


def _scores(table, *, name="s", tokens=None, set_="r", **identity):
    """Say a table; the numbers of tokens in another, where it matters."""
    rows = []
    for row, numbers in enumerate(table):
        for column, number in enumerate(numbers):
            length = 1 if tokens is None else tokens[row][column]
            logprob = np.full(length, number / length, dtype=np.float32)
            rows.append(scoring.Score(id=f"d{row}", set=set_, variant=column, logprob=logprob))
    suspect = {"suspect": name, "kind": "fake", "weights": name, **identity}
    return scoring.Scores(rows=tuple(rows), suspect=suspect, rendering="text", window=None, inputs={}, sha256=name)


def _counts(rows, variants):
    return {("r", f"d{row}"): variants for row in range(rows)}


def test_without_a_reference_the_length_is_taken_out():
    """A suspect that says no more than how many tokens there are has nothing left."""
    tokens = np.random.default_rng(0).integers(3, 9, size=(20, 3))
    answers = likelihoods.gather(_counts(20, 3), _scores(-2.5 * tokens, tokens=tokens), [])
    residual, weights = likelihoods.residual(answers)
    assert weights == pytest.approx((-2.5,), rel=1e-5)
    assert np.ptp(residual, axis=1).max() < 1e-4


def test_sums_have_no_length():
    """Where the answers are sums nothing is taken out, and nothing breaks."""
    table = np.random.default_rng(0).normal(size=(20, 3))
    residual, weights = likelihoods.residual(likelihoods.gather(_counts(20, 3), _scores(table), []))
    assert weights == (0.0,)
    assert residual == pytest.approx(table, abs=1e-6)


def test_references_are_never_turned_round():
    """A reference that says the opposite gets no weight; one that says the same takes all."""
    table = np.random.default_rng(0).normal(size=(30, 3))
    for factor, weight in ((-1.0, 0.0), (2.0, 0.5)):
        suspect, other = _scores(table, tokenizer="t"), _scores(factor * table, name="o", tokenizer="t")
        answers = likelihoods.gather(_counts(30, 3), suspect, [other])
        assert likelihoods.residual(answers)[1] == pytest.approx((weight,), abs=1e-6)
        walked = likelihoods.walked_residual(answers)
        assert walked[16:] == pytest.approx((table - weight * factor * table)[16:], abs=1e-5)


def test_the_length_is_taken_out_beside_references_of_other_tokenizers():
    """A suspect of another tokenizer is freed of its length too; one with a reference's is not.

    Of two that nobody told, none is the other's.
    """
    rng = np.random.default_rng(0)
    tokens, table = rng.integers(3, 9, size=(40, 3)), rng.normal(size=(40, 3))
    same, other, unknown = (_scores(table, name="o", tokenizer=one) for one in ("ours", "theirs", None))
    suspect, nobody = (_scores(table - 2.5 * tokens, tokens=tokens, tokenizer=one) for one in ("ours", None))
    for who, reference in ((suspect, other), (suspect, unknown), (nobody, other), (nobody, unknown)):
        answers = likelihoods.gather(_counts(40, 3), who, [reference])
        assert likelihoods.residual(answers)[1] == pytest.approx((1.0, -2.5), rel=1e-4)
        assert np.abs(likelihoods.walked_residual(answers)[16:]).max() < 1e-3
        assert likelihoods.LENGTH in answers.what
    for who, references, lengths in (
        (suspect, [same], True),
        (suspect, [other, same], True),
        (suspect, [other], False),
    ):
        assert likelihoods.gather(_counts(40, 3), who, references, lengths=lengths).length is None


def test_whether_the_length_is_taken_out_does_not_hang_on_how_many_were_asked():
    """Variants that happen to be as long as one another, or as for the reference, change nothing: it was settled."""
    tokens, table = np.full((40, 3), 4), np.random.default_rng(0).normal(size=(40, 3))
    suspect, other = (_scores(table, name=name, tokens=tokens, tokenizer=name) for name in ("s", "o"))
    few, all_ = (likelihoods.gather(_counts(count, 3), suspect, [other]) for count in (20, 40))
    assert few.length is not None
    assert likelihoods.walked_residual(few) == pytest.approx(likelihoods.walked_residual(all_)[:20], abs=1e-9)
    assert likelihoods.residual(all_)[1] == pytest.approx((1.0, 0.0), abs=1e-6)


def test_sums_beside_references_have_no_length():
    """Of a suspect that gives sums nothing but references is taken out."""
    tokens, table = np.full((20, 3), 4), np.random.default_rng(0).normal(size=(20, 3))
    sums = dataclasses.replace(_scores(table), rendering="sum")
    answers = likelihoods.gather(_counts(20, 3), sums, [_scores(table, name="o", tokens=tokens)])
    assert (answers.length, answers.what) == (None, "references, coefficients ≥ 0,")


def test_weights_know_nothing_of_the_index():
    """Exchanging variants of any documents leaves every weight where it was."""
    rng = np.random.default_rng(0)
    table, other = rng.normal(size=(2, 50, 4))
    order = rng.permuted(np.tile(np.arange(4), (50, 1)), axis=1)
    moved = [np.take_along_axis(one, order, axis=1) for one in (table, other)]
    one = likelihoods.Answers(own=table, references=(other,))
    two = likelihoods.Answers(own=moved[0], references=(moved[1],))
    assert likelihoods.residual(one)[1] == pytest.approx(likelihoods.residual(two)[1])
    walked = np.take_along_axis(likelihoods.walked_residual(one), order, axis=1)
    assert likelihoods.walked_residual(two) == pytest.approx(walked)


def test_only_what_was_to_be_asked_is_demanded():
    """Documents may have been asked about fewer variants than others; what was to be asked and was not is missed."""
    scores = _scores([[1.0, 2.0], [3.0, 4.0]])
    answers = likelihoods.gather({("r", "d1"): 2}, scores, [])
    assert answers.own.tolist() == [[3.0, 4.0]]
    with pytest.raises(MismatchError, match="no score of document 'd0', variant 2"):
        likelihoods.gather({("r", "d0"): 3}, scores, [])
    with pytest.raises(InputError, match="NaN or infinite"):
        likelihoods.gather(_counts(1, 2), _scores([[1.0, np.inf]]), [])


def test_scores_without_a_set_serve_one_release_only():
    """Numbers that name no set are those of the only release there is; of two, nobody knows whose they are."""
    scores = _scores([[1.0, 2.0]], set_=None)
    assert likelihoods.gather(_counts(1, 2), scores, []).own.tolist() == [[1.0, 2.0]]
    with pytest.raises(MismatchError, match="no score"):
        likelihoods.gather({("r", "d0"): 2, ("s", "d0"): 2}, scores, [])
