"""How do findings become one page that stands alone, one text in Markdown, and one JSON?"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup

from provenance import artifacts, storage
from provenance.errors import ArtifactError, InputError
from provenance.evidence import DEFAULT_ALPHA
from provenance.report import figures, layout, markdown, numbers, signals, tables, together, wording
from provenance.report.family import Family, Finding, Source, judge
from provenance.report.questions import question

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from provenance.evidence import Evidence

SCHEMA = "provtool/report/1"

Form = Literal["html", "md", "json"]
"""A page for people, the same in Markdown, or JSON for machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page and its JSON, not yet on disk."""

    html: str
    markdown: str
    """The same in Markdown, without figures."""
    document: dict[str, Any]
    """What the page says, for machines: ``provtool/report/1``."""
    summary: tuple[str, ...]
    """One line a finding, for a terminal."""


def render(
    evidences: Sequence[Evidence], *, alpha: float = DEFAULT_ALPHA, sources: Sequence[Source] | None = None
) -> Report:
    """Weigh evidence together and lay it out as one self-contained page.

    Parameters
    ----------
    evidences
        Findings about any number of claims and suspects, by an audit or `provenance.evidence.read`.
    alpha
        Level that a Holm-adjusted p must reach.
    sources
        Where each was read from; without them the page gives the digest of the file that ``evidence.write`` would make.

    Returns
    -------
    The page and the JSON of the same findings; `write` puts both on the disk.

    Raises
    ------
    ArtifactError
        If a piece of evidence has fields of the wrong type, or a verdict that its own numbers contradict.
    InputError
        If the same evidence was given twice.
    """
    family = judge(evidences, alpha=alpha, sources=sources)
    summary = tuple(_line(finding, family) for finding in family.findings)
    joint = [one.sentence() for one in together.join(family)]
    said = markdown.render(family, together=joint)
    return Report(html=_html(family, joint), markdown=said, document=_document(family), summary=summary)


def text(report: Report, form: Form) -> str:
    """Give a report in one of its forms."""
    match form:
        case "html":
            return report.html
        case "md":
            return report.markdown
        case "json":
            return storage.dump_json(report.document) + "\n"


def write(path: str | os.PathLike[str], report: Report, *, form: Form = "html") -> tuple[Path, ...]:
    """Write a report; beside a page its JSON of the same name: both or neither. Gives the path of each file.

    Parameters
    ----------
    path
        Of the report.
    report
        By `render`.
    form
        Of which the file is: a page, Markdown or JSON.

    Raises
    ------
    InputError
        If a file cannot be written there, or the JSON would take the place of one that is no report.
    """
    forms: dict[Path, Form] = {Path(path): form}
    if form == "html":
        forms[Path(path).with_suffix(".json")] = "json"
        if len(forms) == 1:
            hint = f"--out {Path(path).with_suffix('.html')}, or --format json"
            raise InputError("the JSON has this name", path=path, expected="a page", hint=hint)
    if Path(path).is_dir():
        hint = f"--out {Path(path) / f'report.{form}'}"
        raise InputError("is a folder", path=path, expected="the name of a file", hint=hint)
    with contextlib.ExitStack() as together_or_not:
        for place, each in forms.items():
            if each == "json":
                _refuse_foreign(place)
            together_or_not.enter_context(storage.atomic(place)).write_text(text(report, each), encoding="utf-8")
    return tuple(forms)


def _refuse_foreign(beside: Path) -> None:
    """Keep ``report order.json --out order.html`` from writing the report's JSON over the evidence."""
    if not beside.exists():
        return
    try:
        storage.read_json(beside, schema=SCHEMA)
    except ArtifactError as error:
        raise InputError(
            "is there and is no report: the report's JSON would take its place",
            path=beside,
            hint="another name for --out",
        ) from error


def _html(family: Family, joint: Sequence[str]) -> str:
    return layout.fill(
        "provenance.report:page.html.j2",
        heading=wording.heading(family),
        family=family,
        meaning=wording.of_family(family),
        overview=tables.overview(family),
        together=joint,
        audits=[_section(finding, family, i) for i, finding in enumerate(family.findings, start=1)],
        level=numbers.rarity(math.log10(family.alpha)),
        tool=artifacts.TOOL,
    )


def _section(finding: Finding, family: Family, number: int) -> dict[str, Any]:
    evidence = finding.evidence
    return {
        "anchor": f"audit-{number}",
        "where": f", audit {number}" if len(family.findings) > 1 else "",
        "fixed": tuple(wording.fixed(evidence)),
        "checks": wording.checks(evidence),
        "failed": sum(not gate.passed for gate in evidence.gates),
        "title": question(evidence).title,
        "label": wording.LABELS[finding.verdict],
        "finding": finding,
        "evidence": evidence,
        "suspect": tables.suspect(evidence),
        "meaning": wording.of_finding(finding, family=family),
        "alone": wording.alone(finding, family=family),
        "drawings": figures.draw(evidence, name=f"figure-{number}"),
        "numbers": tables.figures(finding, family=family),
        "methods": tables.methods(evidence),
        "found": tables.found(evidence),
        "signals": signals.signals(evidence),
        "gates": tables.gates(evidence),
        "inputs": tables.inputs(finding),
        "models": tables.models(evidence),
        "plan": tables.plan(evidence.plan) if evidence.plan else None,
        "command": tables.commands(finding, told=signals.options(evidence)),
    }


def _line(finding: Finding, family: Family) -> str:
    evidence = finding.evidence
    adjusted = f", adjusted {numbers.plain(finding.log10_adjusted)}" if family.size > 1 else ""
    pvalue = f"p = {numbers.plain(evidence.log10_pvalue)}{adjusted}"
    return str(layout.visible(f"{finding.verdict:<12}  {evidence.audit:<10}  {pvalue}  {tables.suspect(evidence)}"))


def _document(family: Family) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": artifacts.TOOL,
        "alpha": family.alpha,
        "family": {"size": family.size, "reported": len(family.findings), "method": f"holm(size={family.size})"},
        "verdicts": {kind: family.count(kind) for kind in wording.LABELS},
        "evidence": [_entry(finding, family) for finding in family.findings],
        **({"together": joined} if (joined := [_both(one) for one in together.join(family)]) else {}),
    }


def _both(joined: together.Joined) -> dict[str, Any]:
    named = {"suspect": joined.suspect, "audits": list(together.KINDS), "claim": together.CLAIM}
    if joined.product is None:
        return {**named, "not_multiplied": joined.why_not}
    return {
        **named,
        "evalue": {"log10": joined.product.log10, "method": "product of the e-values at the stop of each audit"},
        "log10_pvalue": joined.product.log10_pvalue,
    }


def _entry(finding: Finding, family: Family) -> dict[str, Any]:
    evidence = finding.evidence
    reasons = wording.reasons(finding, family=family) if finding.verdict == "inconclusive" else ()
    return {
        "file": finding.source.name,
        "sha256": finding.source.sha256,
        "audit": evidence.audit,
        "claim": evidence.claim,
        "suspect": dict(evidence.suspect),
        "verdict": evidence.verdict,
        "alpha": evidence.alpha,
        "pvalue_method": evidence.pvalue_method,
        "decided_by": evidence.decided_by,
        "log10_pvalue": evidence.log10_pvalue,
        "log10_floor": finding.log10_floor if math.isfinite(finding.log10_floor) else None,
        "adjusted_log10_pvalue": finding.log10_adjusted,
        "adjusted_verdict": finding.verdict,
        "reasons": [reason.striptags() if isinstance(reason, Markup) else reason for reason in reasons],
    }
