"""An order and a watermark finding about one suspect, multiplied."""

import dataclasses

import pytest

from provenance import report
from provenance.evidence import Effect, EValue, Evidence, Gate, Statistic


def _found(audit, log10, *, weights="w", passed=True, claim="c"):
    """Make evidence whose bet has this capital."""
    return Evidence(
        audit=audit,
        claim=claim,
        null="chance",
        verdict="no-evidence" if passed else "inconclusive",
        alpha=0.001,
        n=100,
        pvalue=0.5,
        log10_pvalue=-0.3010299956639812,
        pvalue_method="permutation(resamples=9999)",
        decided_by="permutation",
        statistic=Statistic(name="s", value=1.0),
        effect=Effect(name="e", value=0.1, low=0.0, high=0.2, level=0.95),
        gates=(Gate(name="shuffle-record", passed=passed, detail="d"),),
        caveats=(),
        commitments=(),
        inputs={},
        suspect={"suspect": "hf:m", "weights": weights},
        references=(),
        seed=0,
        evalue=EValue(log10=log10, log10_max=log10 + 5, method="bet"),
    )


def test_one_of_each_is_multiplied():
    """E-values at the stop multiply, never the highest on the way; p is one over the product."""
    page = report.render([_found("order", 2.0), _found("watermark", 1.5)])
    (joined,) = page.document["together"]
    assert joined["evalue"]["log10"] == pytest.approx(3.5)
    assert joined["log10_pvalue"] == pytest.approx(-3.5)
    assert "not independent of both" in joined["claim"]
    assert "order and watermark together have an e-value of 3,162" in page.html


def test_a_loss_is_multiplied_too():
    """A bet that lost lowers the product, and p is capped at 1."""
    (joined,) = report.render([_found("order", 2.0), _found("watermark", -3.0)]).document["together"]
    assert joined["log10_pvalue"] == 0.0


def test_only_one_of_each():
    """With two watermark findings nothing is multiplied, and the page says why."""
    found = [_found("order", 2.0), _found("watermark", 1.5), _found("watermark", 4.0, claim="d")]
    page = report.render(found)
    assert "evalue" not in page.document["together"][0]
    assert "choosing among them would be a choice made after looking" in page.html


def test_one_of_several_recipients_is_a_choice_too():
    """A finding about one copy of several says so itself, even when its file is given alone."""
    one = dataclasses.replace(_found("watermark", 4.0), family=("hf:m, copy of acme", "hf:m, copy of globex"))
    (joined,) = report.render([_found("order", 2.0), one]).document["together"]
    assert "asked 2 questions about this suspect" in joined["not_multiplied"]
    alone = dataclasses.replace(_found("watermark", 4.0), family=("hf:m", "hf:other"))
    assert "evalue" in report.render([_found("order", 2.0), alone]).document["together"][0]


def test_a_failed_check_or_a_missing_bet_hinders():
    """What could not be trusted alone is not multiplied either."""
    failed = report.render([_found("order", 2.0, passed=False), _found("watermark", 1.5)])
    assert "failed its check shuffle-record" in failed.document["together"][0]["not_multiplied"]
    without = dataclasses.replace(_found("order", 2.0), evalue=None)
    missing = report.render([without, _found("watermark", 1.5)])
    assert "made no bet" in missing.document["together"][0]["not_multiplied"]


def test_other_suspects_and_kinds_stay_apart():
    """Two suspects, or two of one kind, or unknown weights, are not multiplied, and nothing is said of it."""
    for found in (
        [_found("order", 2.0), _found("watermark", 1.5, weights="v")],
        [_found("order", 2.0), _found("order", 1.5)],
        [_found("order", 2.0, weights=None), _found("watermark", 1.5, weights=None)],
    ):
        assert "together" not in report.render(found).document
