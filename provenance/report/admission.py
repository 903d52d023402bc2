"""Is this evidence sound enough to be laid before anyone?

Evidence files travel: they may have been made by another tool, edited, or cut. A page must not lend its looks to one
whose fields have the wrong type, or whose verdict its own numbers contradict.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from provenance import artifacts
from provenance.errors import ArtifactError
from provenance.evidence import SMALLEST_FLOAT, DecidedBy, Evidence, Verdict, to_json, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = ("audit", "claim", "null", "pvalue_method", "tool", "statistic.name", "effect.name")
NUMBERS = (
    *("alpha", "n", "pvalue", "log10_pvalue", "seed", "statistic.value"),
    *("effect.value", "effect.low", "effect.high", "effect.level"),
    *("asymptotic.log10_pvalue", "bound.log10_pvalue", "evalue.log10", "evalue.log10_max"),
    *("auroc.value", "auroc.low", "auroc.high", "auroc.level", "auroc.positives", "auroc.negatives"),
)
ROUNDING = 1e-6
"""How far a p-value and its logarithm may disagree."""


def admit(evidence: Evidence, *, floor: float, name: str) -> None:
    """Raise `ArtifactError`, naming the file, if the evidence is not sound.

    Parameters
    ----------
    floor
        Decimal logarithm of the smallest p that its test could have given.
    name
        What messages call it.
    """
    for fault in _faults(evidence):
        raise ArtifactError(fault, path=name, hint="running the audit again")
    ruled = verdict(log10_pvalue=evidence.log10_pvalue, log10_floor=floor, alpha=evidence.alpha, gates=evidence.gates)
    if evidence.verdict not in ("inconclusive", ruled):
        raise ArtifactError(
            f"its verdict is {evidence.verdict!r}, but its p-value, gates and alpha give {ruled!r}",
            path=name,
            hint="running the audit again: this file may have been edited",
        )


def _faults(evidence: Evidence) -> Iterator[str]:
    yield from _wrong_types(evidence)
    if evidence.verdict not in get_args(Verdict):
        yield f"unknown verdict {evidence.verdict!r}"
    if evidence.decided_by not in get_args(DecidedBy):
        yield f"unknown decided_by {evidence.decided_by!r}"
    if not 0 < evidence.alpha < 1:
        yield f"alpha is {evidence.alpha}"
    if not 0 < evidence.pvalue <= 1 or evidence.log10_pvalue > 0:
        yield f"p-value {evidence.pvalue} (log10 {evidence.log10_pvalue}) is not above 0 and at most 1"
    if evidence.pvalue > SMALLEST_FLOAT and abs(math.log10(evidence.pvalue) - evidence.log10_pvalue) > ROUNDING:
        yield f"p-value {evidence.pvalue} and its logarithm {evidence.log10_pvalue} disagree"
    for plot in evidence.plots or ():
        if len({len(part) for part in (plot.x, plot.y, plot.low, plot.high) if part is not None}) != 1 or not plot.x:
            yield f"plot {plot.name!r} has no points, or columns of unequal length"


def _wrong_types(evidence: Evidence) -> Iterator[str]:
    yield from (f"{path} is no text" for path in WORDS if not isinstance(_field(evidence, path), str))
    for path in NUMBERS:
        value = _field(evidence, path)
        optional = path.partition(".")[0] in {"asymptotic", "bound", "evalue", "auroc"}
        if not _is_number(value) and not (value is None and optional):
            yield f"{path} is no finite number"
    yield from (f"gate {gate.name!r} neither passed nor failed" for gate in evidence.gates if _undecided(gate.passed))
    for plot in evidence.plots or ():
        if not all(_is_number(value) for part in (plot.x, plot.y, plot.low or (), plot.high or ()) for value in part):
            yield f"plot {plot.name!r} holds what is no finite number"
    try:
        artifacts.dump_json(to_json(evidence)).encode()
    except ValueError:
        yield "a number that is not finite, or text that is not Unicode"


def _field(evidence: Evidence, path: str) -> object:
    value: object = evidence
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _undecided(passed: object) -> bool:
    return not isinstance(passed, bool)
