"""Is this evidence sound enough to be laid before anyone?

Evidence files travel: they may have been made by another tool, edited, or cut. A page must not lend its looks to one
whose fields have the wrong type, or whose verdict its own numbers contradict.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

from provenance import evidence as contract
from provenance import storage
from provenance.errors import ArtifactError
from provenance.evidence import SMALLEST_FLOAT, to_json, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenance.evidence import Evidence, Verdict

RESAMPLES = re.compile(r"\b(?:resamples|shifts|reruns)=(\d{1,18})\b")
"""Where a method says how many values it drew."""
ROUNDING = 1e-6
"""How far a p-value and its logarithm may disagree."""


def admit(evidence: Evidence, *, name: str) -> None:
    """Raise `ArtifactError`, with `name` for the file, if the evidence is not sound."""
    # Evidence made in code never passed a reader: the reader's own checks of every field are what it must pass now.
    contract.from_json(json.loads(_spelt(evidence, name=name)), path=name)
    for fault in _faults(evidence):
        raise ArtifactError(fault, path=name, hint="running the audit again: this file may have been edited")


def _spelt(evidence: Evidence, *, name: str) -> str:
    try:
        text = storage.dump_json(to_json(evidence))
        text.encode()
    except (TypeError, ValueError) as error:
        raise ArtifactError(
            f"cannot be spelt as JSON ({error})",
            path=name,
            expected="a finite number, Unicode text or a list of either in every field",
            hint="running the audit again",
        ) from error
    return text


def log10_floor(evidence: Evidence) -> float:
    """Read the smallest p that a test could have given off its method; a bet has none."""
    stated = RESAMPLES.search(evidence.pvalue_method)
    if evidence.decided_by == "evalue" or stated is None:
        return -math.inf
    return -math.log10(int(stated[1]) + 1)


def _faults(evidence: Evidence) -> Iterator[str]:
    if not 0 < evidence.alpha < 1:
        yield f"alpha is {evidence.alpha}"
    if not 0 < evidence.pvalue <= 1 or evidence.log10_pvalue > 0:
        yield f"p-value {evidence.pvalue} (log10 {evidence.log10_pvalue}) is not above 0 and at most 1"
    if evidence.pvalue > SMALLEST_FLOAT and abs(math.log10(evidence.pvalue) - evidence.log10_pvalue) > ROUNDING:
        yield f"p-value {evidence.pvalue} and its logarithm {evidence.log10_pvalue} disagree"
    for plot in evidence.plots or ():
        if len({len(part) for part in (plot.x, plot.y, plot.low, plot.high) if part is not None}) != 1 or not plot.x:
            yield f"plot {plot.name!r} has no points, or columns of unequal length"
    if 0 < evidence.alpha < 1 and evidence.verdict not in ("inconclusive", ruled := _ruled(evidence)):
        yield f"its verdict is {evidence.verdict!r}, but its p-value, gates and alpha give {ruled!r}"


def _ruled(evidence: Evidence) -> Verdict:
    return verdict(
        log10_pvalue=evidence.log10_pvalue,
        log10_floor=log10_floor(evidence),
        alpha=evidence.alpha,
        gates=evidence.gates,
    )
