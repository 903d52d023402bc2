"""Tests of provenance.report.family: the adjusted verdicts."""

from __future__ import annotations

import math

import pytest

from provenance.evidence import Effect, Evidence, Gate, Statistic, verdict
from provenance.report import admission, family, wording


def sample(log10_pvalue, *, resamples=9999, passed=True, **changes):
    """Make the smallest evidence with this p-value."""
    gates = (Gate(name="length", passed=passed, detail="drift 0.3"),)
    given = {
        "audit": "order",
        "claim": f"claim with p = 10^{log10_pvalue}",
        "null": "chance",
        "alpha": 0.001,
        "n": 100,
        "pvalue": 10**log10_pvalue,
        "log10_pvalue": log10_pvalue,
        "pvalue_method": f"permutation(resamples={resamples}, max_of=7, strata=1)",
        "decided_by": "permutation",
        "statistic": Statistic(name="s", value=1.0),
        "effect": Effect(name="rho", value=0.1, low=0.0, high=0.2, level=0.95),
        "gates": gates,
        "caveats": (),
        "commitments": (),
        "inputs": {},
        "suspect": {"suspect": "hf:m"},
        "references": (),
        "seed": 0,
    }
    given |= changes
    floor = -math.inf if given["decided_by"] == "evalue" else -math.log10(resamples + 1)
    ruled = verdict(log10_pvalue=log10_pvalue, log10_floor=floor, alpha=given["alpha"], gates=given["gates"])
    return Evidence(**{"verdict": ruled, **given})


def verdicts(*evidences, alpha=0.001):
    """Judge and give the verdicts."""
    return [finding.verdict for finding in family.judge(evidences, alpha=alpha).findings]


def test_verdict_is_that_of_the_adjusted_p():
    """A p that would do alone does not do as one of four."""
    alone, others = sample(-3.2), [sample(-0.5 - i / 10) for i in range(3)]
    assert verdicts(alone) == ["evidence"]
    assert verdicts(alone, *others)[0] == "no-evidence"


def test_inconclusive_stays_inconclusive():
    """No adjustment turns a failed gate, or a verdict withheld by the audit, into an answer."""
    withheld = sample(-4.0, claim="withheld", verdict="inconclusive")
    assert verdicts(sample(-4.0, passed=False), withheld) == ["inconclusive"] * 2


def test_floor_of_the_family():
    """Eleven questions lift the floor of 9,999 resamples above .001: the page asks for more."""
    ten = [sample(-4.0, claim=str(i)) for i in range(10)]
    assert set(verdicts(*ten)) == {"evidence"}
    eleven = family.judge([*ten, sample(-4.0, claim="one more")], alpha=0.001)
    assert {finding.verdict for finding in eleven.findings} == {"inconclusive"}
    reasons = " ".join(wording.reasons(eleven.findings[0], family=eleven))
    assert "More are needed: at least 10,999 resamples" in reasons


def test_needed_resamples_suffice_and_one_less_does_not():
    """The number asked for is exact."""
    for size in (1, 3, 11, 97):
        needed = family.resamples_needed(alpha=0.001, size=size)
        assert -math.log10(needed + 1) + math.log10(size) <= -3 + 1e-12
        assert -math.log10(needed) + math.log10(size) > -3


def test_bet_has_no_floor():
    """A p decided by an e-value has no floor, whatever its method mentions."""
    bet = sample(-30.0, decided_by="evalue", pvalue_method="ville(resamples=9)")
    assert admission.log10_floor(bet) == -math.inf
    assert verdicts(bet, *(sample(-0.1 - i / 100, claim=str(i)) for i in range(20)))[0] == "evidence"


@pytest.mark.parametrize("method", ["redraw(resamples=999, index)", "shifts(resamples=999)", "rank(reruns=999)"])
def test_floor_is_read_off_the_method(method):
    """The floor is one in resamples + 1, by whatever name the redraws go."""
    assert admission.log10_floor(sample(-1.0, pvalue_method=method)) == pytest.approx(-3)


@pytest.mark.parametrize("named", [5, ["a", "b", "c", "d", "e"]])
def test_family_is_the_one_the_plan_names(named):
    """A plan that names five questions makes a family of five, however few are handed in."""
    judged = family.judge([sample(-3.5, plan={"family": named})], alpha=0.001)
    assert judged.size == 5
    assert judged.findings[0].log10_adjusted == pytest.approx(-3.5 + math.log10(5))
    assert judged.findings[0].verdict == "no-evidence"


def test_gentler_level_is_said():
    """A page judged at a gentler level than the audit's own says so."""
    judged = family.judge([sample(-2.0)], alpha=0.05)
    assert "gentler" in wording.alone(judged.findings[0], family=judged)


def test_no_evidence_at_all_is_the_callers_mistake():
    """A report of nothing is no report."""
    with pytest.raises(ValueError, match="at least one"):
        family.judge([], alpha=0.001)
