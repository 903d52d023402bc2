"""What tests of findings share: the smallest evidence with any field as wanted."""

import pytest

from provenance.evidence import Effect, EValue, Evidence, Statistic


@pytest.fixture
def evidence_of():
    """Give a function that makes evidence of an order audit, with the fields that are given."""

    def make(**changes):
        plain = {
            "audit": "order",
            "claim": "c",
            "null": "n",
            "verdict": "evidence",
            "alpha": 0.001,
            "n": 400,
            "pvalue": 1e-4,
            "log10_pvalue": -4.0,
            "pvalue_method": "permutation(resamples=9999, max_of=7, strata=1); score=mean",
            "decided_by": "permutation",
            "statistic": Statistic(name="recency-max:linear", value=6.0),
            "effect": Effect(name="spearman-rho", value=0.3, low=0.2, high=0.4, level=0.95),
            "evalue": EValue(log10=5.0, log10_max=6.0, method="betting(stakes=[0.1], curves=7)"),
            "gates": (),
            "caveats": (),
            "commitments": (),
            "inputs": {"transcript": "a" * 64, "scores": "b" * 64},
            "suspect": {"suspect": "hf:theirs", "weights": "w", "window": "32:32"},
            "references": ({"suspect": "hf:other", "weights": "o"},),
            "seed": 0,
        }
        return Evidence(**{**plain, **changes})

    return make
