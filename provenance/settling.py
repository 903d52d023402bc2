"""What does a finding owe to the run it came of: its family, its label, its plan, and by what it is decided?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provenance import adherence, families

if TYPE_CHECKING:
    from provenance.evidence import Commitment, Evidence
    from provenance.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What one finding of a run is told of the rest."""

    by_evalue: bool = False
    """Whether the bet decides, because resamples would take too long."""
    family: tuple[str, ...] | None = None
    """Every claim of the run, where there are several."""
    label: str | None = None
    """What is known of the suspect."""
    plan: Plan | None = None
    witnessed: tuple[Commitment, ...] = ()
    """Commitments to the plan."""


def settle(found: Evidence, circumstances: Circumstances) -> Evidence:
    """Let evidence say what it owes to its run.

    Raises
    ------
    MismatchError
        If the plan is for another audit, transcript or ledger.
    """
    settled = families.by_evalue(found) if circumstances.by_evalue else found
    if circumstances.family:
        settled = replace(settled, family=circumstances.family)
    if circumstances.label:
        settled = replace(settled, suspect={**settled.suspect, "label": circumstances.label})
    if circumstances.plan:
        witnessed = replace(settled, commitments=settled.commitments + circumstances.witnessed)
        settled = adherence.hold(witnessed, circumstances.plan)
    return settled
