"""What does an audit claim, with which numbers, and when do they amount to evidence?

`Evidence` is one claim with all it rests on; its JSON form (``provtool/evidence/1``) is a contract. The verdict rule
stands here and nowhere else.
"""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from provenance import artifacts, reading, storage

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

SCHEMA = "provtool/evidence/1"
DEFAULT_ALPHA = 0.001
SMALLEST_FLOAT = sys.float_info.min
OWNER_CAVEAT = (
    "No witnessed commitment was given: the finding rests on the owner's word that this order or key existed "
    "before the suspect."
)

Verdict = Literal["evidence", "no-evidence", "inconclusive"]
DecidedBy = Literal["permutation", "evalue", "rank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogP:
    """A p-value on the log scale that decides nothing: a rigorous bound or an asymptotic extrapolation."""

    log10_pvalue: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EValue:
    """Capital of a bet that the null expects to keep at 1, at the stop and at its highest."""

    log10: float
    log10_max: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """The number whose null distribution gave the p-value."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How large the trace is, with an interval."""

    name: str
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Auroc:
    """How well the two groups separate, .5 if not at all; never flipped."""

    value: float
    low: float
    high: float
    level: float
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TprAtFpr:
    """Share of positives found at a false-positive rate, with an interval."""

    fpr: float
    tpr: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A check which, when it fails, makes the verdict inconclusive and never anything else."""

    name: str
    passed: bool
    detail: str
    """What was seen, and the smallest drift that could have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A salted digest published at `time`; `witness` says who vouches for that time, null if nobody does."""

    artifact: str
    root: str
    time: str
    witness: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A curve of at most 2,000 points; `low` and `high` are its interval band."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One claim, its null, its numbers, and the digests of all it rests on."""

    audit: str
    claim: str
    null: str
    verdict: Verdict
    alpha: float
    n: int
    pvalue: float
    """The deciding one, never 0."""
    log10_pvalue: float
    pvalue_method: str
    decided_by: DecidedBy
    statistic: Statistic
    effect: Effect
    gates: tuple[Gate, ...]
    caveats: tuple[str, ...]
    commitments: tuple[Commitment, ...]
    inputs: Mapping[str, str]
    suspect: Mapping[str, Any]
    references: tuple[Mapping[str, Any], ...]
    seed: int
    tool: str = artifacts.TOOL
    asymptotic: LogP | None = None
    bound: LogP | None = None
    unreferenced: LogP | None = None
    """The same test without any reference, where there are some; decides nothing."""
    evalue: EValue | None = None
    auroc: Auroc | None = None
    tpr_at_fpr: tuple[TprAtFpr, ...] | None = None
    effects: tuple[Effect, ...] | None = None
    """Further effects, described and not decided upon."""
    signals: tuple[Mapping[str, Any], ...] | None = None
    """What each signal of a membership audit found."""
    found: tuple[Mapping[str, Any], ...] | None = None
    """What a trace audit found, the most telling first: document, text, where, coins read and coins agreeing."""
    selection: Mapping[str, Any] | None = None
    """Which rows were asked, where not all were: rule, number and out of how many; fixed before anything was scored."""
    stopped: Mapping[str, Any] | None = None
    """Where an audit stopped asking: units asked, of how many, looks, tokens asked and saved and how they are known."""
    plots: tuple[Plot, ...] | None = None
    plan: Mapping[str, Any] | None = None
    """The plan that the audit was held to: its digest, its family of claims, and every deviation from it."""
    family: tuple[str, ...] | None = None
    """Suspects of the claims that were asked together in one run, this one among them."""
    schema: str = field(default=SCHEMA, kw_only=True)


def verdict(*, log10_pvalue: float, log10_floor: float, alpha: float, gates: Sequence[Gate]) -> Verdict:
    """Apply the one rule: a failed gate or a floor above `alpha` is inconclusive; else p ≤ alpha is evidence.

    Gates can only withhold a finding, so the chance of false evidence stays at most `alpha`.

    Parameters
    ----------
    log10_pvalue
        The deciding p-value (Holm-adjusted where a family was planned).
    log10_floor
        The smallest p-value that this test could have given.
    """
    check_alpha(alpha)
    if math.isnan(log10_pvalue) or math.isnan(log10_floor):
        raise ValueError("a p-value that is no number decides nothing")
    threshold = math.log10(alpha) + 1e-12
    if log10_floor > threshold or not all(gate.passed for gate in gates):
        return "inconclusive"
    return "evidence" if log10_pvalue <= threshold else "no-evidence"


def check_alpha(alpha: float) -> None:
    """Refuse a level that is none, before any work is done for it."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}, expected a number strictly between 0 and 1")


def of_bet(evalue: EValue) -> float:
    """Give log10 of p = min(1, 1/max E): by Ville's inequality it holds at any stop, and it has no floor."""
    return -evalue.log10_max or 0.0


def positive(pvalue: float) -> float:
    """Keep a p-value above 0 where float64 would round it away; its logarithm says the rest."""
    return max(pvalue, SMALLEST_FLOAT)


def to_json(evidence: Evidence) -> dict[str, Any]:
    """Give the JSON form: ``schema`` first, absent fields left out."""
    value = {key: item for key, item in asdict(evidence).items() if item is not None}
    return {"schema": value.pop("schema"), **{key: _without_none(key, item) for key, item in value.items()}}


def from_json(value: Mapping[str, Any], *, path: str | os.PathLike[str] = "evidence") -> Evidence:
    """Read the JSON form back; unknown fields are an error, because a reader must not drop what a finding says."""
    return reading.record(Evidence, value, path=path)


def write(path: str | os.PathLike[str], evidence: Evidence) -> None:
    """Write one evidence file; a p-value that is not above 0 and at most 1 is a ValueError."""
    if not 0 < evidence.pvalue <= 1:
        raise ValueError(f"p-value {evidence.pvalue}")
    storage.write_json(path, to_json(evidence))


def read(path: str | os.PathLike[str]) -> Evidence:
    """Read one evidence file."""
    return from_json(storage.read_json(path, schema=SCHEMA), path=path)


def _without_none(key: str, item: Any) -> Any:
    if key != "plots":
        return item
    return [{name: part for name, part in plot.items() if part is not None} for plot in item]
