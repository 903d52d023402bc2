"""What does a finding mean in plain words, and what does it not show?

Nothing here decides anything: it says what `family` decided, for readers who are no statisticians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from provenance.report import names, numbers
from provenance.report.family import resamples_needed
from provenance.report.questions import Question, question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.evidence import Evidence, Verdict
    from provenance.report.family import Family, Finding

LABELS: dict[Verdict, str] = {
    "evidence": "Evidence",
    "no-evidence": "No evidence",
    "inconclusive": "Inconclusive",
}
OUTCOMES: dict[Verdict, str] = {
    "evidence": "found evidence",
    "no-evidence": "found no evidence",
    "inconclusive": "could not answer",
}
GUILT = (
    "A p-value is not the probability that the claim is false, nor that anyone is innocent: it says how rare such "
    "numbers are where the claim is false. How likely the claim was before must come from other facts."
)
ABSENCE = (
    "Absence of evidence is not evidence of absence: a trace may be there and too faint for the {n} {unit} asked here."
)
NEITHER = "It speaks neither for the claim nor against it."
OUTSIDE = (
    "A page cannot show what is not on it. Whether other audits were run and left out can be told only from a plan "
    "that was fixed beforehand."
)
BY_CHANCE = Markup(
    "The adjustment keeps the chance of even one false finding among all {size} questions at most {level}."
)
UNMEASURABLE = -0.05
"""Above this log10 p, about .9, a number of tries says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The four things that a reader wants to know first."""

    asked: str
    found: str
    sure: tuple[str, ...]
    limits: tuple[str, ...]


def of_finding(finding: Finding, *, family: Family) -> Meaning:
    """Say what one finding means."""
    asked = question(finding.evidence)
    return Meaning(
        asked=asked.asked,
        found=_found(finding, asked),
        sure=tuple(_sure(finding, asked, family)),
        limits=tuple(_limits(finding, asked)),
    )


def of_family(family: Family) -> Meaning:
    """Say what all findings mean together."""
    level = numbers.rarity(math.log10(family.alpha))
    absent = family.size - len(family.findings)
    return Meaning(
        asked=f"{_plural(len(family.findings), 'question')}, each answered by an audit of its own. "
        "They stand in the table, and each has a section below.",
        found=" ".join(_tally(family)),
        sure=(
            Markup(
                "Several questions give chance several tries. So every p-value is adjusted for their number ({}, by "
                "Holm’s method), and the verdicts here are those after adjustment: {} or rarer counts as evidence. {}"
            ).format(
                numbers.count(family.size),
                level,
                BY_CHANCE.format(size=numbers.count(family.size), level=level),
            ),
            *([_missing(absent)] if absent else []),
        ),
        limits=(GUILT, OUTSIDE, "Each audit has limits of its own, stated in its section."),
    )


def heading(family: Family) -> str:
    """Say the whole in one line."""
    if len(family.findings) == 1:
        only = family.findings[0]
        return f"{question(only.evidence).title}: {LABELS[only.verdict].lower()}"
    total, found = len(family.findings), family.count("evidence")
    unclear = family.count("inconclusive")
    if unclear == total:
        return f"All {total} audits are inconclusive"
    lead = f"Evidence in {found} of {total} audits" if found else f"No evidence in any of {total} audits"
    return lead + (f", {unclear} inconclusive" if unclear else "")


def reasons(finding: Finding, *, family: Family) -> Iterator[str]:
    """Say why an audit is inconclusive: which gate failed, or what the test could not have reached."""
    for gate in finding.evidence.gates:
        if not gate.passed:
            yield f"The check “{names.spelled(gate.name)}” failed: {gate.detail.rstrip('.')}."
    if finding.floor_too_high:
        needed = resamples_needed(alpha=family.alpha, size=family.size)
        unit = "re-runs" if finding.evidence.decided_by == "rank" else "resamples"
        yield Markup(
            "The test could not have reached {}: the smallest chance it can name is {}, and {} asked together "
            "multiply it. More are needed: at least {} {}."
        ).format(
            numbers.rarity(math.log10(family.alpha)),
            numbers.rarity(finding.log10_floor),
            _plural(family.size, "question"),
            numbers.count(needed),
            unit,
        )
    elif finding.evidence.verdict == "inconclusive" and all(gate.passed for gate in finding.evidence.gates):
        yield "The audit itself ended inconclusive: at its own level its test could not have answered."


def fixed(evidence: Evidence) -> Iterator[str]:
    """Say what was fixed before the audit, when, and who besides its owner says so."""
    for one in evidence.commitments:
        if one.witness:
            yield f"{one.artifact} existed, as it is now, at the time that a witness gives: {one.witness}."
        else:
            yield f"Its owner says that {one.artifact} was committed to on {one.time}; no witness dated that."
    if not evidence.commitments:
        yield "Nobody but its owner says when the files below came to be: there is no commitment to them."


def checks(evidence: Evidence) -> str:
    """Count the checks by their outcome."""
    failed = sum(not gate.passed for gate in evidence.gates)
    passed = len(evidence.gates) - failed
    return f"{passed} of {_plural(len(evidence.gates), 'check')} passed" + (f", {failed} failed" if failed else "")


def _found(finding: Finding, asked: Question) -> str:
    match finding.verdict:
        case "evidence":
            return asked.found
        case "no-evidence":
            return asked.not_found
        case "inconclusive":
            return "This audit cannot answer the question. What follows describes the numbers and is no finding."


def _sure(finding: Finding, asked: Question, family: Family) -> Iterator[str]:
    if finding.verdict == "inconclusive":
        yield from reasons(finding, family=family)
        return
    yield _chance(finding, asked)
    if family.size > 1:
        yield _adjusted(finding, family)
    yield from _bet(finding)
    if finding.evidence.bound is not None and finding.verdict == "evidence":
        yield Markup(
            "A rigorous bound, which does not end where the number of resamples ends, puts the chance at {} or rarer."
        ).format(numbers.rarity(finding.evidence.bound.log10_pvalue))


def _chance(finding: Finding, asked: Question) -> Markup:
    log10 = finding.evidence.log10_pvalue
    if log10 > UNMEASURABLE:
        return Markup("{}, {} would come up in nearly every audit.").format(asked.if_chance, asked.trace)
    if log10 > -1:
        often = Markup("in about {} audits").format(numbers.rarity(log10).replace(" in ", " of "))
    else:
        often = Markup("about once in {} audits").format(numbers.times(log10))
    stated = Markup("{}, {} would come up {}").format(asked.if_chance, asked.trace, often)
    return stated + (", or more rarely (the smallest chance this test can say)." if finding.at_floor else ".")


def _adjusted(finding: Finding, family: Family) -> Markup:
    return Markup("Adjusted for {} asked together, that is {}; {} or rarer counts as evidence.").format(
        _plural(family.size, "question"),
        numbers.rarity(finding.log10_adjusted),
        numbers.rarity(math.log10(family.alpha)),
    )


def _bet(finding: Finding) -> Iterator[Markup]:
    capital = finding.evidence.evalue
    if capital is None:
        return
    if capital.log10 > 0:
        yield Markup(
            "As betting odds: a bet against chance, fair if chance alone is at work, multiplied its stake {}-fold."
        ).format(numbers.fold(capital.log10))
    else:
        yield Markup("As betting odds: a bet against chance lost; {} of its stake is left.").format(
            numbers.fold(capital.log10)
        )


def _limits(finding: Finding, asked: Question) -> Iterator[str]:
    strays = (finding.evidence.plan or {}).get("deviations")
    if isinstance(strays, list | tuple) and strays:
        yield f"The audit was not done as planned ({_plural(len(strays), 'deviation')}; they stand beside the plan)."
    match finding.verdict:
        case "evidence":
            yield from asked.limits
            yield GUILT
        case "no-evidence":
            yield ABSENCE.format(n=numbers.count(finding.evidence.n), unit=asked.unit)
            yield asked.elsewhere
        case "inconclusive":
            yield NEITHER
            yield asked.elsewhere


def _tally(family: Family) -> Iterator[str]:
    for kind, phrase in OUTCOMES.items():
        if number := family.count(kind):
            yield f"{_plural(number, 'audit')} {phrase}."


def _missing(absent: int) -> str:
    return (
        f"A plan, or a run, names {_plural(absent, 'question')} more than this page answers; they count as asked and "
        "as answered in the way least favourable to a finding."
    )


def _plural(number: int, noun: str) -> str:
    return f"{numbers.count(number)} {noun}" + ("" if number == 1 else "s")


def alone(finding: Finding, *, family: Family) -> str:
    """Say where the verdict of the page differs from the evidence file's own, and why; empty where it does not."""
    evidence = finding.evidence
    parts = []
    if evidence.verdict != finding.verdict:
        parts.append(
            f"The evidence file’s own verdict is “{LABELS[evidence.verdict].lower()}”: for its claim alone, at its own "
            f"level {evidence.alpha:g}. This page asks for {family.alpha:g} over {_plural(family.size, 'question')}."
        )
    if family.alpha > evidence.alpha:
        parts.append(
            f"This page judges at {family.alpha:g}, the audit was run at {evidence.alpha:g}. A level made gentler "
            "after the numbers are known overstates what was found."
        )
    return " ".join(parts)
