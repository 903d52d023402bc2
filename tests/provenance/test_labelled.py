"""A test on suspects of which the truth is known."""

import json

import pytest
from scipy import stats

from provenance.audits import labelled


@pytest.fixture
def suspects(evidence_of):
    """Give a function that makes one suspect a p-value."""
    return lambda *pvalues: [
        evidence_of(log10_pvalue=p, pvalue=10**p, suspect={"suspect": f"hf:m{i}"}) for i, p in enumerate(pvalues)
    ]


def test_a_test_that_separates(suspects):
    """Derived suspects all below, independent ones all above: AUROC 1, nobody accused, all found."""
    found = labelled.measure(suspects(-5, -4, -1, -0.5), ["derived", "derived", "independent", "independent"])
    assert (found.auroc.value, found.auroc.positives, found.auroc.negatives) == (1.0, 2, 2)
    assert (found.false_positives.found, found.false_positives.of) == (0, 2)
    assert (found.true_positives.value, found.statistic) == (1.0, "-log10 of the deciding p-value")
    assert found.auroc.low < 1


def test_the_interval_is_clopper_and_pearsons(suspects):
    """One of twenty independent suspects accused: .05, with the interval of scipy.stats.binomtest."""
    found = labelled.measure(suspects(-3.5, *[-1.0] * 19), ["independent"] * 20)
    expected = stats.binomtest(1, 20).proportion_ci(0.95, method="exact")
    rate = found.false_positives
    assert (rate.value, rate.low, rate.high) == pytest.approx((0.05, expected.low, expected.high))


def test_ties_at_the_floor_count_half(suspects):
    """Two suspects whose p-values are both the smallest possible do not separate; p equal to alpha is found."""
    found = labelled.measure(suspects(-3, -3), ["derived", "independent"])
    assert found.auroc.value == 0.5
    assert (found.true_positives.found, found.false_positives.found) == (1, 1)


def test_one_kind_alone_is_not_measured(suspects):
    """Without independent suspects there is neither an AUROC nor a rate of false positives, and the reason is said."""
    found = labelled.measure(suspects(-3, -4), ["derived", "derived"])
    value = labelled.to_json(found)
    assert value["schema"] == "provtool/labelled/1"
    assert value["auroc"] == {"not_measured": "all suspects are derived"}
    assert value["false_positives"] == {"not_measured": "no suspect is independent"}
    assert json.loads(json.dumps(value))["suspects"][1]["label"] == "derived"


@pytest.mark.parametrize("labels", [[], ["derived"], ["derived", "guilty"]])
def test_callers_mistakes(suspects, labels):
    """A label that is none, or is lacking, is refused."""
    with pytest.raises(ValueError, match="suspects and labels"):
        labelled.measure(suspects(-1, -2), labels)
