"""How does a p-value decide a claim: one by shuffles, or that of a bet which may stop at any time?

The fields of evidence that say what was decided, by which number and at which level, written once for every audit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypedDict

from provenance.evidence import EValue, Gate, Verdict, of_bet, positive, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.stats.betting import Capital


class Decided(TypedDict):
    """Fields of `provenance.evidence.Evidence`."""

    verdict: Verdict
    alpha: float
    pvalue: float
    log10_pvalue: float
    decided_by: Literal["permutation", "evalue"]
    evalue: EValue
    gates: tuple[Gate, ...]


def by_permutation(pvalue: float, capital: Capital, *, resamples: int, alpha: float, gates: Sequence[Gate]) -> Decided:
    """Apply the verdict rule to a p-value whose floor is 1/(resamples + 1); the e-value stands beside it."""
    log10_pvalue = math.log10(pvalue)
    return Decided(
        verdict=verdict(log10_pvalue=log10_pvalue, log10_floor=-math.log10(resamples + 1), alpha=alpha, gates=gates),
        alpha=alpha,
        pvalue=positive(pvalue),
        log10_pvalue=log10_pvalue,
        decided_by="permutation",
        evalue=_evalue(capital),
        gates=tuple(gates),
    )


def by_capital(capital: Capital, *, alpha: float, gates: Sequence[Gate]) -> Decided:
    """Apply the verdict rule to the p-value of a bet, which holds at any stop and has no floor."""
    evalue = _evalue(capital)
    log10_pvalue = of_bet(evalue)
    return Decided(
        verdict=verdict(log10_pvalue=log10_pvalue, log10_floor=-math.inf, alpha=alpha, gates=gates),
        alpha=alpha,
        pvalue=positive(10.0**log10_pvalue),
        log10_pvalue=log10_pvalue,
        decided_by="evalue",
        evalue=evalue,
        gates=tuple(gates),
    )


def _evalue(capital: Capital) -> EValue:
    return EValue(log10=capital.log10, log10_max=capital.log10_max, method=capital.method)
