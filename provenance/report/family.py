"""What is found once every question that was asked is weighed together?

Several questions give chance several tries. Holm's adjustment takes them back, and the one verdict rule is then applied
to the adjusted p-value. An audit that was inconclusive alone stays so.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance import storage
from provenance.errors import InputError
from provenance.evidence import Evidence, Verdict, to_json, verdict
from provenance.report.admission import admit, log10_floor
from provenance.stats.multiplicity import holm

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a piece of evidence was read from."""

    name: str
    sha256: str
    """Digest of the evidence file's bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of evidence and what it amounts to within its family."""

    evidence: Evidence
    source: Source
    log10_floor: float
    """Smallest p that its test could have given; minus infinity if there is no such floor."""
    log10_adjusted: float
    """Holm-adjusted p."""
    verdict: Verdict
    floor_too_high: bool
    """Whether the test could not have reached alpha in a family of this size."""

    @property
    def at_floor(self) -> bool:
        """Whether the p-value is the smallest that the test could have given."""
        return self.evidence.log10_pvalue <= self.log10_floor + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All questions that were asked together."""

    findings: tuple[Finding, ...]
    alpha: float
    size: int
    """How many questions there are: those here, or more if a plan names more."""

    def count(self, kind: Verdict) -> int:
        """Count the findings with this verdict."""
        return sum(finding.verdict == kind for finding in self.findings)


def source(path: str | os.PathLike[str]) -> Source:
    """Name an evidence file and take its digest."""
    return Source(name=str(path), sha256=storage.digest(path))


def judge(evidences: Sequence[Evidence], *, alpha: float, sources: Sequence[Source] | None = None) -> Family:
    """Adjust every p-value for the family and apply the verdict rule to it.

    Raises
    ------
    ArtifactError
        If a piece of evidence is not sound (`provenance.report.admission`).
    InputError
        If one was given twice: it would be counted as two questions.
    """
    if not evidences:
        raise ValueError("a report needs at least one piece of evidence")
    names = [place.name for place in sources or ()] or [f"evidence {i + 1}" for i in range(len(evidences))]
    for evidence, name in zip(evidences, names, strict=True):
        admit(evidence, name=name)
    named = tuple(sources or map(_unsaved, evidences, names))
    _refuse_repeats(named)
    floors = [log10_floor(evidence) for evidence in evidences]
    size = max(len(evidences), *(_planned(evidence) for evidence in evidences))
    adjusted = holm([evidence.log10_pvalue for evidence in evidences], size=size)
    findings = (
        _find(evidence, place, floor=floor, adjusted=value, limit=(alpha, size))
        for evidence, place, floor, value in zip(evidences, named, floors, adjusted, strict=True)
    )
    return Family(findings=tuple(findings), alpha=alpha, size=size)


def resamples_needed(*, alpha: float, size: int) -> int:
    """Say how many resamples let a p-value reach `alpha` after adjustment for a family of `size`."""
    return math.ceil(size / alpha - 1e-6) - 1


def _find(evidence: Evidence, place: Source, *, floor: float, adjusted: float, limit: tuple[float, int]) -> Finding:
    alpha, size = limit
    family_floor = floor + math.log10(size)
    ruled = verdict(log10_pvalue=adjusted, log10_floor=family_floor, alpha=alpha, gates=evidence.gates)
    return Finding(
        evidence=evidence,
        source=place,
        log10_floor=floor,
        log10_adjusted=adjusted,
        verdict="inconclusive" if evidence.verdict == "inconclusive" else ruled,
        floor_too_high=family_floor > math.log10(alpha) + 1e-12,
    )


def _planned(evidence: Evidence) -> int:
    """Count the family that a plan or a run names: what nobody handed in is still a question that was asked."""
    named = (evidence.plan or {}).get("family", 1)
    planned = len(named) if isinstance(named, list | tuple) else named if isinstance(named, int) else 1
    return max(planned, len(evidence.family or ()))


def _unsaved(evidence: Evidence, name: str) -> Source:
    text = storage.dump_json(to_json(evidence)) + "\n"  # as `evidence.write` would write it
    return Source(name=name, sha256=hashlib.sha256(text.encode()).hexdigest())


def _refuse_repeats(sources: Sequence[Source]) -> None:
    seen: dict[str, str] = {}
    for item in sources:
        if item.sha256 in seen:
            raise InputError(f"is the same evidence as {seen[item.sha256]}", path=item.name, hint="giving it once")
        seen[item.sha256] = item.name
