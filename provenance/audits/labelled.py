"""How good is a test itself, on suspects of which it is known whether they derive or not?

Every suspect is one observation, its number −log10 of the deciding p-value. A p-value by resampling has a floor, so
suspects there are ties, which count half.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from provenance import artifacts
from provenance.stats import roc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.evidence import Evidence

SCHEMA = "provtool/labelled/1"
STATISTIC = "-log10 of the deciding p-value"
LEVEL = 0.95
ROUNDING = 1e-9

Label = Literal["derived", "independent"]
LABELS: tuple[Label, ...] = ("derived", "independent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Share of suspects whose p-value is at most alpha, with a Clopper–Pearson interval."""

    value: float
    low: float
    high: float
    level: float
    found: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """What suspects of one kind alone cannot show."""

    not_measured: str
    """The reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One suspect of which the truth is known."""

    suspect: str
    label: Label
    log10_pvalue: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What a test makes of suspects of which the truth is known."""

    audit: str
    alpha: float
    statistic: str
    auroc: roc.Area | NotMeasured
    """How well the statistic separates the two kinds of suspects."""
    false_positives: Rate | NotMeasured
    """Among the independent."""
    true_positives: Rate | NotMeasured
    """Among the derived."""
    suspects: tuple[Known, ...]
    tool: str = artifacts.TOOL
    schema: str = field(default=SCHEMA, kw_only=True)


def measure(evidences: Sequence[Evidence], labels: Sequence[Label]) -> Labelled:
    """Lay the evidence of several suspects beside the truth.

    Parameters
    ----------
    evidences
        One a suspect, all of one audit at one level.
    labels
        ``derived`` or ``independent``, one a suspect, in the same order.
    """
    if len(evidences) != len(labels) or not evidences or set(labels) - set(LABELS):
        raise ValueError(f"{len(evidences)} suspects and labels {labels}")
    numbers = np.array([-evidence.log10_pvalue for evidence in evidences])
    truth = np.array([label == "derived" for label in labels])
    first = evidences[0]
    limit = -np.log10(first.alpha) - ROUNDING
    return Labelled(
        audit=first.audit,
        alpha=first.alpha,
        statistic=STATISTIC,
        auroc=roc.auroc(numbers[truth], numbers[~truth], level=LEVEL) if len(set(labels)) > 1 else _missing(labels),
        false_positives=_rate(numbers[~truth] >= limit, kind="independent"),
        true_positives=_rate(numbers[truth] >= limit, kind="derived"),
        suspects=tuple(
            Known(
                suspect=str(evidence.suspect["suspect"]),
                label=label,
                log10_pvalue=evidence.log10_pvalue,
                verdict=evidence.verdict,
            )
            for evidence, label in zip(evidences, labels, strict=True)
        ),
    )


def to_json(labelled: Labelled) -> dict[str, Any]:
    """Give the JSON form, ``schema`` first."""
    value = dataclasses.asdict(labelled)
    return {"schema": value.pop("schema"), **value}


def _rate(found: np.ndarray[Any, np.dtype[np.bool_]], *, kind: str) -> Rate | NotMeasured:
    if not len(found):
        return NotMeasured(not_measured=f"no suspect is {kind}")
    count = int(found.sum())
    low, high = roc.clopper_pearson(count, len(found), level=LEVEL)
    return Rate(
        value=count / len(found),
        low=low,
        high=high,
        level=LEVEL,
        found=count,
        of=len(found),
    )


def _missing(labels: Sequence[Label]) -> NotMeasured:
    return NotMeasured(not_measured=f"all suspects are {labels[0]}")
