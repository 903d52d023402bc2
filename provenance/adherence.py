"""Did an audit keep to its plan?

What differs is listed in the evidence in plain words and never repaired. It is read off the evidence alone, so that
anyone who has both files can do it again.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from provenance import plans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from provenance.evidence import Evidence
    from provenance.plans import Plan

RESAMPLES = re.compile(r"\b(?:permutation|redraw)\(resamples=(\d+)")
"""Where a method says how many values it drew; that of many rows looks at every shift, however many were asked for."""


def hold(evidence: Evidence, plan: Plan) -> Evidence:
    """Lay evidence beside its plan: it then says "as planned", or in what the audit differs.

    Raises
    ------
    MismatchError
        If the plan is for another audit, transcript or ledger.
    """
    plans.check(plan, audit=evidence.audit, inputs=evidence.inputs)
    deviations = list(_deviations(evidence, plan))
    held = {
        "sha256": plan.sha256,
        "family": list(plan.family),
        "as_planned": not deviations,
        "deviations": deviations,
    }
    return dataclasses.replace(evidence, plan=held)


def _deviations(evidence: Evidence, plan: Plan) -> Iterator[str]:
    yield from _differ("level", plan.alpha, evidence.alpha)
    yield from _differ("seed", plan.seed, evidence.seed)
    yield from _differ("window", plan.window or "all tokens", evidence.suspect.get("window") or "all tokens")
    yield from _differ("deciding p-value", plan.decided_by, evidence.decided_by)
    drawn = RESAMPLES.search(evidence.pvalue_method)
    if evidence.decided_by == plan.decided_by == "permutation" and drawn:
        yield from _differ("resamples", plan.resamples, int(drawn[1]))
    yield from _differ("stopping", *(_stopping(early) for early in (plan.stop_early, evidence.stopped is not None)))
    yield from _differ("statistic", plan.statistic, evidence.statistic.name.partition(":")[0])
    yield from _differ("references", _names(plan.references), _names(_used(evidence, plan)))
    yield from _size(evidence, plan)
    if len(evidence.family or ()) > len(plan.family):
        yield f"claims: planned {len(plan.family)}, done {len(evidence.family or ())}"
    name = str(evidence.suspect["suspect"])
    if not any(claim.startswith(plans.UNNAMED) or name in {claim, f"hf:{claim}"} for claim in plan.family):
        yield f"suspect: {name} is none of those planned ({', '.join(plan.family)})"
    if plan.pilot and evidence.decided_by != "evalue" and set(plan.pilot.inputs.items()) & set(_sources(evidence)):
        yield "pilot: its rows are among those tested, and a fixed test counts what was looked at before"


def _differ(what: str, planned: object, done: object) -> Iterator[str]:
    if planned != done:
        yield f"{what}: planned {planned}, done {done}"


def _stopping(early: bool) -> str:  # noqa: FBT001 (one of two words)
    return "as soon as the capital suffices" if early else "when all was asked"


def _size(evidence: Evidence, plan: Plan) -> Iterator[str]:
    """Compare what was to be asked with what was; a row too short for the window was asked all the same."""
    chosen = evidence.selection
    if chosen is None:
        asked = (evidence.stopped or {}).get("of", evidence.n)
        dropped = next((int(note.split()[0]) for note in evidence.caveats if "too short for the window" in note), 0)
        if plan.units not in {asked, asked + dropped}:
            yield f"size: planned {plan.units}, done {asked}"
        return
    yield from _differ("texts asked", plan.queries, chosen.get("texts", chosen.get("queries")))
    if plan.select not in chosen["rule"]:
        yield f"selection: planned {plan.select}, done {chosen['rule']}"


def _used(evidence: Evidence, plan: Plan) -> list[Mapping[str, Any]]:
    """Give the references that were used, under the plan's names where their weights are the same."""
    planned = {reference["weights"]: reference for reference in plan.references if "weights" in reference}
    return [planned.get(reference.get("weights"), reference) for reference in evidence.references]


def _names(references: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(sorted(str(reference["suspect"]).removeprefix("hf:") for reference in references)) or "none"


def _sources(evidence: Evidence) -> Iterator[tuple[str, str]]:
    return ((name, sha256) for name, sha256 in evidence.inputs.items() if plans.is_source(name))
