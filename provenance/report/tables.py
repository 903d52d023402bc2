"""Which numbers, checks and digests stand in the tables, and how is each to be read?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from provenance.report import names, numbers
from provenance.report.questions import question
from provenance.report.wording import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenance.evidence import Effect, Evidence
    from provenance.report.family import Family, Finding

Row = tuple[str, ...]
NONE = "—"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: its name, what its columns are, and its rows; the first column names the row."""

    name: str
    head: Row
    rows: tuple[Row, ...]


def overview(family: Family) -> Sheet:
    """Lay all findings side by side."""
    rows = (
        (
            Markup('<a href="#audit-{}">{}. {}</a>').format(i, i, question(finding.evidence).title),
            mark(finding),
            finding.evidence.claim,
            suspect(finding.evidence),
            numbers.probability(finding.evidence.log10_pvalue),
            numbers.probability(finding.log10_adjusted),
        )
        for i, finding in enumerate(family.findings, start=1)
    )
    head = ("Audit", "Verdict", "Claim", "Suspect", "p", "Adjusted p")
    return Sheet(name="All audits of this page", head=head, rows=tuple(rows))


def figures(finding: Finding, *, family: Family) -> Sheet:
    """Give every number with its interval and its meaning."""
    rows = (*_deciding(finding, family), *_likewise(finding.evidence), *_sizes(finding.evidence))
    return Sheet(name="Numbers", head=("Quantity", "Value", "Interval", "How to read it"), rows=rows)


def methods(evidence: Evidence) -> Sheet:
    """Say how each p-value and e-value was computed, with every setting."""
    others = (("bound on p", evidence.bound), ("e-value", evidence.evalue), ("asymptotic p", evidence.asymptotic))
    rows = (("p-value", evidence.pvalue_method), *((name, part.method) for name, part in others if part is not None))
    return Sheet(name="Methods", head=("Quantity", "Method and settings"), rows=rows)


def gates(evidence: Evidence) -> Sheet:
    """Give every gate with its outcome."""
    rows = (
        (names.spelled(gate.name).replace(":", ": "), _outcome(passed=gate.passed), gate.detail)
        for gate in evidence.gates
    )
    return Sheet(name="Checks", head=("Check", "Outcome", "What was seen"), rows=tuple(rows))


def inputs(finding: Finding) -> Sheet:
    """Give the digests of all that the finding rests on."""
    rows: tuple[Row, ...] = (("this evidence file", finding.source.name, _digest(finding.source.sha256)),)
    rows += tuple((name, NONE, _digest(sha256)) for name, sha256 in finding.evidence.inputs.items())
    rows += tuple(
        (f"commitment to {item.artifact}", f"{item.time}, {_witness(item.witness)}", _digest(item.root))
        for item in finding.evidence.commitments
    )
    return Sheet(name="Inputs and digests", head=("What", "Where or when", "SHA-256 or root"), rows=rows)


def models(evidence: Evidence) -> Sheet:
    """Say which models answered."""
    named = [("suspect", evidence.suspect), *((f"reference {i}", m) for i, m in enumerate(evidence.references, 1))]
    rows = tuple((role, Markup("<br>").join(map(_property, model.items()))) for role, model in named if model)
    if evidence.suspect.get("kind") == "text":
        return Sheet(name="Texts read", head=("Texts", "What is known of them"), rows=rows)
    return Sheet(name="Models asked", head=("Model", "What is known of it"), rows=rows)


def found(evidence: Evidence) -> Sheet:
    """Say which documents stand where, and how far each agrees."""
    rows = tuple(
        (
            str(one.get("document", NONE)),
            str(one.get("text", NONE)),
            f"{one.get('start', NONE)} to {one.get('end', NONE)}",
            f"{one.get('agreeing', NONE)} of {one.get('coins', NONE)}",
        )
        for one in evidence.found or ()
    )
    head = ("Document", "Text", "Characters", "Marked words that agree")
    return Sheet(name="Documents found, the most telling first", head=head, rows=rows)


def plan(settings: Mapping[str, Any]) -> Sheet:
    """Give the plan that the audit was held to."""
    rows = tuple((names.spelled(key), _spelled(value)) for key, value in settings.items())
    return Sheet(name="Plan", head=("Setting", "Value"), rows=rows)


def commands(finding: Finding, *, told: Sequence[str] = ()) -> str:
    """Write the command that makes this evidence again; capitals stand for the files whose digests are given.

    What an audit of this kind was `told` beyond what every audit is comes first.
    """
    evidence = finding.evidence
    options = []
    if evidence.audit not in ("overlap", "reshuffle", "trace"):
        options += ["--scores SCORES", *["--reference-scores REFERENCE-SCORES"] * len(evidence.references)]
    options += [f"--seed {evidence.seed}", f"--alpha {evidence.alpha:g}"]
    if math.isfinite(finding.log10_floor) and evidence.decided_by == "permutation":
        options += [f"--resamples {10**-finding.log10_floor - 1:.0f}"]
    lines = [f"provtool {question(evidence).command}", *told, *options, "--out EVIDENCE.json"]
    return " \\\n    ".join(lines)


def suspect(evidence: Evidence) -> str:
    """Name the suspect in one line."""
    named = (evidence.suspect.get(key) for key in ("suspect", "name"))
    return next((value for value in named if isinstance(value, str)), _spelled(dict(evidence.suspect)))


def mark(finding: Finding) -> Markup:
    """Show a verdict by word, sign and colour."""
    return Markup('<span class="mark {}">{}</span>').format(finding.verdict, LABELS[finding.verdict])


def _deciding(finding: Finding, family: Family) -> Iterator[Row]:
    evidence = finding.evidence
    yield ("p-value", numbers.probability(evidence.log10_pvalue), NONE, "decides, by the method below")
    if family.size > 1:
        note = f"p after Holm’s adjustment for {numbers.count(family.size)} questions; the verdict rests on it"
        yield ("adjusted p-value", numbers.probability(finding.log10_adjusted), NONE, note)
    yield ("level α", numbers.number(family.alpha), NONE, "an (adjusted) p at most this large counts as evidence")
    name, value = names.said(evidence.statistic.name), numbers.number(evidence.statistic.value)
    yield (name, value, NONE, "the statistic behind the p-value")
    yield ("asked", numbers.count(evidence.n), NONE, question(evidence).unit)


def _likewise(evidence: Evidence) -> Iterator[Row]:
    if evidence.bound is not None:
        note = "rigorous, without a floor"
        yield ("bound on p", numbers.probability(evidence.bound.log10_pvalue), NONE, note)
    if evidence.unreferenced is not None:
        note = "the same test without any reference: weaker, and nobody’s choice; decides nothing"
        yield ("p without references", numbers.probability(evidence.unreferenced.log10_pvalue), NONE, note)
    if evidence.evalue is not None:
        note = "capital of the bet at the end; by chance 1 is expected"
        yield ("e-value", numbers.size(evidence.evalue.log10), NONE, note)
        best = "highest capital on the way; p ≤ 1 / this, at any stopping time"
        yield ("highest e-value", numbers.size(evidence.evalue.log10_max), NONE, best)
    if evidence.asymptotic is not None:
        note = "an extrapolation, to compare with papers; decides nothing"
        yield ("asymptotic p", numbers.probability(evidence.asymptotic.log10_pvalue), NONE, note)


def _sizes(evidence: Evidence) -> Iterator[Row]:
    yield _effect(evidence.effect, "size of the trace")
    if (auroc := evidence.auroc) is not None:
        groups = f"{numbers.count(auroc.positives)} against {numbers.count(auroc.negatives)}"
        interval = _interval(auroc.low, auroc.high, auroc.level)
        yield ("AUROC", numbers.number(auroc.value), interval, f"0.5 is no separation, 1 is perfect; {groups}")
    for point in evidence.tpr_at_fpr or ():
        name = f"found at {100 * point.fpr:g} % false positives"
        yield (name, numbers.number(point.tpr), _interval(point.low, point.high, None), "share found")
    for effect in evidence.effects or ():
        yield _effect(effect, "described, not decided upon")


def _effect(effect: Effect, note: str) -> Row:
    interval = _interval(effect.low, effect.high, effect.level)
    return (names.said(effect.name), numbers.number(effect.value), interval, note)


def _interval(low: float, high: float, level: float | None) -> Markup:
    share = "" if level is None else f" ({100 * level:g} %)"
    return Markup("{} to {}{}").format(numbers.number(low), numbers.number(high), share)


def _outcome(*, passed: bool) -> Markup:
    return Markup('<span class="mark {}">{}</span>').format(*(("passed", "Passed") if passed else ("failed", "Failed")))


def _witness(witness: str | None) -> str:
    return f"witnessed by {witness}" if witness else "not witnessed"


def _digest(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _property(item: tuple[str, Any]) -> Markup:
    return Markup("{}: {}").format(item[0], _spelled(item[1]))


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_spelled(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_spelled, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NONE if value is None else str(value)
