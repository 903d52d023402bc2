"""What does a person at a terminal need to know of one finding, in ten lines?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli import terminal
from provenance.report import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from provenance.audits.labelled import Labelled, NotMeasured, Rate
    from provenance.evidence import Auroc, Effect, Evidence
    from provenance.stats.roc import Area

MOST_FOUND = 3
COLOURS = {"evidence": "bold red", "no-evidence": "bold green", "inconclusive": "bold yellow"}


def show(evidence: Evidence, path: Path) -> None:
    """Print one finding on stderr."""
    terminal.say_table(list(_rows(evidence, path)))


def _rows(evidence: Evidence, path: Path) -> Iterator[tuple[str, str | Text]]:
    yield "audit", f"{evidence.audit} of {evidence.suspect['suspect']}"
    verdict = Text(evidence.verdict, style=COLOURS[evidence.verdict])
    yield "verdict", verdict.append(f" at alpha {evidence.alpha:g}", style="not bold default")
    yield "p-value", f"{evidence.pvalue:.3g}, decided by {evidence.decided_by}, n = {evidence.n:,}"
    if evidence.bound is not None:
        yield "bound", f"p ≤ {log10(evidence.bound.log10_pvalue)}, rigorous"
    if evidence.asymptotic is not None:
        yield "asymptotic", f"p ≈ {log10(evidence.asymptotic.log10_pvalue)}, extrapolated"
    if evidence.unreferenced is not None:
        yield "unreferenced", f"p = {log10(evidence.unreferenced.log10_pvalue)} without any reference"
    if evidence.evalue is not None:
        yield "e-value", f"{log10(evidence.evalue.log10)}, highest {log10(evidence.evalue.log10_max)}"
    yield from _asked(evidence)
    yield "effect", f"{_interval(evidence.effect)}, {names.said(evidence.effect.name)}"
    if evidence.auroc is not None:
        yield "AUROC", _interval(evidence.auroc)
    if evidence.found:
        yield from _found(evidence.found)
    if evidence.plan:
        yield from of_plan(evidence.plan)
    failed = [gate for gate in evidence.gates if not gate.passed]
    yield "gates", f"{len(evidence.gates) - len(failed)} of {len(evidence.gates)} passed"
    for gate in failed:
        yield "", f"failed: {gate.name}: {gate.detail}"
    if str(path) != "-":
        yield "evidence", str(path)


def _asked(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Say what was asked, where that was not all."""
    if evidence.selection is not None:
        yield "rows", "{asked:,} of {of:,}, {rule}".format(**evidence.selection)
    if evidence.stopped is not None:
        yield "asked", _stopped(evidence.stopped)


def _stopped(stopped: Mapping[str, Any]) -> str:
    """Say how much was asked, and what that saved; or would have, had not all answers been at hand."""
    saved = f"; {stopped['tokens_saved']:,} tokens saved" if stopped.get("tokens_saved") is not None else ""
    told = saved.replace("saved", "would have been saved") if stopped.get("replayed") else saved
    return f"{stopped['asked']:,} of {stopped['of']:,} in {stopped['looks']} looks{told}"


def _found(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Name the documents that tell most."""
    for number, one in enumerate(found[:MOST_FOUND]):
        where = f"{one['document']} in {one['text']}, characters {one['start']:,} to {one['end']:,}"
        yield "" if number else "found", f"{one['agreeing']} of {one['coins']} coins agree: {where}"
    if len(found) > MOST_FOUND:
        yield "", f"{len(found) - MOST_FOUND:,} more in the evidence"


def of_plan(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say whether an audit kept to its plan."""
    deviations = plan.get("deviations") or ()
    yield "plan", "as planned" if not deviations else f"not as planned, in {len(deviations)} of its points"
    for deviation in deviations:
        yield "", str(deviation)


def of_labels(measured: Labelled) -> Iterator[tuple[str, str]]:
    """Say how good a test is on suspects of which the truth is known."""
    yield "AUROC of the test", _measured(measured.auroc)
    yield "false positives", _measured(measured.false_positives)
    yield "true positives", _measured(measured.true_positives)


def _measured(number: Area | Rate | NotMeasured) -> str:
    from provenance.audits import labelled

    match number:
        case labelled.NotMeasured(not_measured=reason):
            return f"not measured: {reason}"
        case labelled.Rate(found=found, of=of):
            return f"{found} of {of}: {_interval(number)}"
        case _:
            return _interval(number)


def _interval(number: Effect | Auroc | Area | Rate) -> str:
    return f"{number.value:.3f} [{number.low:.3f}, {number.high:.3f}]"


def log10(value: float) -> str:
    """Spell a number by its base-10 logarithm."""
    return f"{10**value:.3g}" if abs(value) < 4 else f"10^{value:.1f}"  # noqa: PLR2004 (what one reads at a glance)
