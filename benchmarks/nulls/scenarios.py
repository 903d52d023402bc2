"""What is a null scenario, and what did one audit of it end as at each level?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.evidence import Evidence, Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    Claim = Callable[[float], Evidence]
    """An audit of one redraw, ready to be asked at any level."""

ALPHAS = (0.05, 0.01, 0.001)
RESAMPLES = 1_999
"""Enough for a p-value below .001."""
REACH = "within-reach"
"""The one gate that depends on the level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way in which the claim is false."""

    name: str
    draw: Callable[[Path, np.random.Generator], Claim]
    """Redraws what the claim's randomness is (order, key, split) against the scores in a folder."""
    audits: int = 2_000
    """How many redraws, unless fewer are asked for."""
    stops: bool = False
    """Whether the audit stops early, at a capital that depends on the level."""
    beyond: bool = False
    """Whether no test and no gate can hold the level here, so that what is left is the owner's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What one audit ended as at one level."""

    verdict: Verdict
    rejected: bool
    """Whether p ≤ α, gates aside."""


def judge(claim: Claim, *, stops: bool = False) -> tuple[Ending, ...]:
    """Audit at every level of `ALPHAS`; once, where only the level of the verdict differs."""
    if stops:
        # A walk that found nothing at the loosest level has asked everything, and stricter ones would be the same walk.
        first = claim(max(ALPHAS))
        anew = first.verdict == "evidence"
    else:
        # A floor or a reach that the strictest level is beyond may do for the others.
        first = claim(min(ALPHAS))
        held_back = any(not gate.passed for gate in first.gates if gate.name != REACH)
        anew = first.verdict == "inconclusive" and not held_back
    return tuple(_ended(claim(alpha) if anew and alpha != first.alpha else first, alpha=alpha) for alpha in ALPHAS)


def _ended(found: Evidence, *, alpha: float) -> Ending:
    again = verdict(log10_pvalue=found.log10_pvalue, log10_floor=-math.inf, alpha=alpha, gates=found.gates)
    return Ending(
        verdict=found.verdict if alpha == found.alpha else again, rejected=found.pvalue <= alpha * (1 + 1e-12)
    )
