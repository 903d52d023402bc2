"""The watermark audit where not everything was asked: fewer queries, early stops, edited documents."""

import dataclasses

import numpy as np
import pytest

from provenance import scoring
from provenance.errors import InputError, MismatchError
from provenance.report import admission
from provenance.stats import products
from watermark import detection, ledger, passes, queries


@pytest.fixture
def book(deal_copy):
    """Forty documents of three variants, for nobody in particular."""
    dealt = deal_copy("ours")
    return dataclasses.replace(dealt, recipient=None)


def _scores(book, *, bonus, seed=0, name="m"):
    """A suspect that likes published texts more than others, by a number of standard deviations."""
    rng = np.random.default_rng(seed)
    rows = tuple(
        scoring.Score(
            id=record.id,
            set=record.set,
            variant=record.variant,
            logprob=np.float32([rng.normal() + bonus * (record.variant == 0)]),
        )
        for record in ledger.records(book)
    )
    suspect = {"suspect": name, "kind": "fake", "weights": name}
    return scoring.Scores(rows=rows, suspect=suspect, rendering="text", window=None, inputs={}, sha256=name)


def _early(book, scores, **how):
    """Stop early over answers that were kept, and audit what was asked."""
    pick = scoring.picker(scores)
    early = detection.ask_early(book, lambda records: (pick(records), ()), **how)
    return detection.audit(book, early.scores, early=early, **how)


def test_pairs_alone_are_compared(book):
    """With 30 queries 15 pairs are compared, whatever else was scored, and the evidence says by which rule."""
    whole = _scores(book, bonus=2.0)
    found = detection.audit(book, whole, most=30)
    chosen = queries.choose([book], most=30)
    asked = {(record.id, record.variant) for record in queries.records([book], chosen)}
    part = dataclasses.replace(whole, rows=tuple(row for row in whole.rows if (row.id, row.variant) in asked))
    assert (found.n, found.selection["of"], found.selection["texts"]) == (15, 40, 30)
    assert "documents first" in found.selection["rule"]
    assert found == detection.audit(book, part, most=30)
    with pytest.raises(MismatchError, match="asked about"):
        detection.audit(book, part, most=32)


def test_another_seed_asks_other_documents(book):
    """Which documents of equally many differing sites are asked hangs on the seed alone."""
    ask = [set(queries.choose([book], most=20, seed=seed).counts) for seed in (0, 0, 1)]
    assert ask[0] == ask[1] != ask[2]


def test_an_early_stop_is_decided_by_the_capital(book):
    """After a stop neither a redraw p nor the bound stands there; p is one over the highest capital."""
    found = _early(book, _scores(book, bonus=4.0), alpha=0.01, most=80)
    assert (found.verdict, found.decided_by, found.bound) == ("evidence", "evalue", None)
    assert found.log10_pvalue == -found.evalue.log10_max
    assert found.stopped["asked"] == found.n <= found.stopped["of"] == 40
    assert not any("asked after the first pass" in note for note in found.caveats)
    assert "permutation-null" not in {plot.name for plot in found.plots}
    admission.admit(found, name="found")


def test_joined_passes_give_what_their_p_value_is_worth(book):
    """Where several passes could be walked the capital at the stop is no e-value: the p-value's worth stands there."""
    one, several = (_early(book, _scores(book, bonus=4.0), alpha=0.01, most=most) for most in (80, None))
    assert one.evalue.log10 == one.evalue.log10_max
    assert several.evalue.log10 == products.calibrated_log10(several.log10_pvalue)
    assert "what the p-value is worth" in several.evalue.method


def test_without_a_mark_everything_is_asked_in_vain(book):
    """A suspect that prefers nothing is asked all variants, and is not accused."""
    found = _early(book, _scores(book, bonus=0.0), alpha=0.01)
    assert found.verdict == "no-evidence"
    assert found.stopped["asked"] == found.stopped["of"] == 40
    assert any("asked after the first pass" in note for note in found.caveats)
    walk = passes.lay_out([book])
    assert set(walk.counts(len(walk.steps)).values()) == {3}


def test_edited_documents_are_counted_and_never_help(book):
    """Documents edited since count against the claim, are left out of what is described, and are told of."""
    scores = _scores(book, bonus=1.0)
    edited = {("r", "d3"), ("r", "d5")}
    before, after = detection.audit(book, scores), detection.audit(book, scores, edited=edited)
    assert after.statistic.value < before.statistic.value
    assert after.bound.log10_pvalue >= before.bound.log10_pvalue
    assert (after.n, after.auroc.positives) == (40, 38)
    assert any(note.startswith("2 of 40 documents were edited after embedding") for note in after.caveats)
    with pytest.raises(InputError, match="every document"):
        detection.audit(book, scores, edited=set(queries.named([book])))


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, float("nan")])
def test_a_level_is_between_0_and_1(book, alpha):
    """Anything else is a caller's mistake."""
    with pytest.raises(ValueError, match="alpha"):
        detection.audit(book, _scores(book, bonus=0.0), alpha=alpha)


def test_numbers_that_are_none_are_refused_in_a_walk_too(book):
    """NaN among the answers ends a walk with their ids."""
    scores = _scores(book, bonus=0.0)
    broken = tuple(dataclasses.replace(row, logprob=np.float32([np.nan])) for row in scores.rows)
    with pytest.raises(InputError, match="NaN or infinite log-probabilities: d"):
        _early(book, dataclasses.replace(scores, rows=broken), alpha=0.01)


def test_a_walk_over_nine_documents_is_inconclusive(book):
    """Too few documents are no audit, however many passes are walked over them."""
    few = dataclasses.replace(book, documents=book.documents[:9])
    found = _early(few, _scores(few, bonus=5.0), alpha=0.05)
    assert found.verdict == "inconclusive"
