"""How are several claims of one run decided, so that each can still be found once all are counted?

A p-value by resampling has a floor, and Holm's first step asks for α/K. So K claims get 20 K/α resamples; where that
would take too long the bet's p-value, which has no floor, decides for all of them. Which of the two is settled by the
number of claims, the level and the number of units alone, before anything is known of the answers.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from provenance.evidence import of_bet, positive, verdict
from provenance.stats import power

if TYPE_CHECKING:
    from provenance.evidence import Evidence

ROUNDING = 1e-9
MOST_CELLS = 2_000_000_000
"""Resamples × units up to which resampling takes about 40 seconds a claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How every claim of a family is decided."""

    decided_by: Literal["permutation", "evalue"]
    resamples: int


def rule(*, claims: int, alpha: float, units: int, resamples: int) -> Rule:
    """Settle how claims are decided; `resamples` is what one claim alone would get, if alpha is within its reach."""
    enough = claims == 1 and (resamples + 1) * alpha >= 1 - ROUNDING
    needed = resamples if enough else max(resamples, power.resamples_needed(claims=claims, alpha=alpha))
    if needed * units <= MOST_CELLS:
        return Rule(decided_by="permutation", resamples=needed)
    return Rule(decided_by="permutation" if enough else "evalue", resamples=resamples)


def by_evalue(evidence: Evidence) -> Evidence:
    """Let the bet's p = min(1, 1/max E) decide in place of the resampled one, which is left out altogether."""
    capital = evidence.evalue
    if capital is None:
        raise ValueError("an audit without a bet cannot be decided by one")
    log10_pvalue = of_bet(capital)
    return dataclasses.replace(
        evidence,
        verdict=verdict(log10_pvalue=log10_pvalue, log10_floor=-math.inf, alpha=evidence.alpha, gates=evidence.gates),
        pvalue=positive(10.0**log10_pvalue),
        log10_pvalue=log10_pvalue,
        pvalue_method=f"min(1, 1/highest capital) of {capital.method}; {evidence.pvalue_method.partition('; ')[2]}",
        decided_by="evalue",
    )
