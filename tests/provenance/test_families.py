"""Several claims of one run, and how they are decided."""

import dataclasses
import json
import math

import pytest

from provenance import evidence, families
from provenance.evidence import EValue, Gate
from provenance.report import family


@pytest.mark.parametrize(
    ("claims", "units", "decided_by", "resamples"),
    [
        (1, 10**6, "permutation", 9_999),
        (2, 10_000, "permutation", 40_000),
        (10, 10_000, "permutation", 200_000),
        (11, 10_000, "evalue", 9_999),
        (2, 10**6, "evalue", 9_999),
    ],
)
def test_the_rule(claims, units, decided_by, resamples):
    """One claim keeps its resamples, K get 20 K/α, and where that takes too long the bet decides for all."""
    found = families.rule(claims=claims, alpha=0.001, units=units, resamples=9_999)
    assert (found.decided_by, found.resamples) == (decided_by, resamples)


def test_one_claim_at_a_tiny_level():
    """One claim whose level its resamples could not reach gets more of them, or a bet."""
    assert families.rule(claims=1, alpha=1e-5, units=100, resamples=9_999).resamples == 2_000_000
    assert families.rule(claims=1, alpha=1e-12, units=100, resamples=9_999).decided_by == "evalue"


@pytest.mark.parametrize(
    ("highest", "verdict", "pvalue"), [(6.0, "evidence", 1e-6), (2.0, "no-evidence", 1e-2), (0.0, "no-evidence", 1.0)]
)
def test_the_bet_decides(evidence_of, highest, verdict, pvalue):
    """The p is min(1, 1/max E), by the one verdict rule; the resampled p is gone, and a page admits the evidence."""
    capital = EValue(log10=-1.0, log10_max=highest, method="betting(stakes=[0.1])")
    found = families.by_evalue(evidence_of(evalue=capital))
    assert (found.decided_by, found.verdict) == ("evalue", verdict)
    assert found.pvalue == pytest.approx(pvalue)
    assert "resamples" not in found.pvalue_method
    assert found.pvalue_method.endswith("; score=mean")
    assert family.judge([found], alpha=0.001).findings[0].log10_floor == -math.inf


def test_a_bet_opens_no_gate(evidence_of):
    """A failed gate stays inconclusive whoever decides."""
    withheld = evidence_of(gates=(Gate(name="g", passed=False, detail=""),), verdict="inconclusive")
    assert families.by_evalue(withheld).verdict == "inconclusive"


def test_without_a_bet_nothing_can_decide(evidence_of):
    """Evidence without an e-value cannot be decided by one."""
    with pytest.raises(ValueError, match="without a bet"):
        families.by_evalue(evidence_of(evalue=None))


def test_one_of_several_still_counts_the_others(evidence_of):
    """Handed in alone, a finding of a run of twenty suspects is adjusted for twenty, also from its file."""
    asked = dataclasses.replace(evidence_of(), family=tuple(f"m{i}" for i in range(20)))
    again = evidence.from_json(json.loads(json.dumps(evidence.to_json(asked))))
    assert again == asked
    judged = family.judge([again], alpha=0.001)
    assert (judged.size, judged.findings[0].verdict) == (20, "inconclusive")
    assert judged.findings[0].log10_adjusted == pytest.approx(-4 + math.log10(20))
