"""What would make an audit's null doubtful, judged without asking the suspect?

A gate can only turn a verdict into ``inconclusive``. Each says the smallest drift it could have seen; passing it proves
nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from provenance.evidence import Gate
from provenance.stats import adjacency, permutation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

DRIFT_ALPHA = 0.001
"""Chance that a gate withholds a true finding."""
RESAMPLES, FEWER_RESAMPLES = 9_999, 999
"""Shuffles before a gate fails; fewer where each one takes all pairs of neighbours."""
LOOKS_AT_NEIGHBOURS = 2 * len(adjacency.REACHES)
"""Ways in which neighbours are compared: two kinds of likeness, each so far apart."""
SHUFFLED = frozenset({"full", "within-stratum", "claimed"})
MIN_UNITS = 10


def shuffle(record: Mapping[str, Any]) -> Gate:
    """Ask whether the run recorded a shuffle under which rows are exchangeable: exactness rests on this."""
    kind = str(record["kind"])
    return Gate(
        name="shuffle-record",
        passed=kind in SHUFFLED,
        detail=f"the transcript records a shuffle of kind {kind!r}; "
        + ("rows are exchangeable" if kind in SHUFFLED else "rows cannot be taken as exchangeable"),
    )


def drift(
    name: str,
    values: NDArray[np.float64],
    *,
    curves: NDArray[np.float64],
    strata: NDArray[np.int64],
    rng: np.random.Generator,
) -> Gate:
    """Ask whether something the order should not touch follows it all the same, in either direction.

    Null: values are exchangeable within strata. The largest of the standardised |statistics| over the recency family is
    looked up in the normal tail, times twice their number. What stands out there is shuffled before the gate fails: of
    skewed values, such as a few duplicates, the normal tail would withhold one true finding in fifty.

    Parameters
    ----------
    name
        What drifts, such as ``length``.
    values
        One number a unit, shape ``(n,)``: never the suspect's scores, whose drift is the finding itself.
    """
    centred, scaled = permutation.standardise(values, curves, strata)
    z = float(np.abs(centred @ scaled).max(initial=0.0))
    tests = 2 * curves.shape[1]
    threshold = float(-special.ndtri(DRIFT_ALPHA / tests))
    visible = min(1.0, threshold / math.sqrt(max(len(values) - 1, 1)))
    seen = f"max |z| = {z:.2f}, limit {threshold:.2f} (p < {DRIFT_ALPHA:g})"
    passed = z <= threshold
    if not passed:
        either = np.column_stack([curves, -curves])
        test = permutation.family_test(values, either, strata=strata, resamples=RESAMPLES, rng=rng)
        passed = test.pvalue > DRIFT_ALPHA
        seen += f", by {RESAMPLES} shuffles p = {test.pvalue:.2g}"
    return Gate(name=f"drift:{name}", passed=passed, detail=f"{seen}; smallest visible correlation {visible:.3f}")


def neighbours(name: str, groups: Sequence[NDArray[np.float64]], *, rng: np.random.Generator) -> Gate:
    """Ask whether what stands together in the run is more alike than a shuffle would make it.

    Null: within each group, units stand in a random order. What stands out by the normal tail is shuffled before the
    gate fails, unless it stands out so far that it fails whatever the law.

    Parameters
    ----------
    name
        Alike in what, such as ``words``.
    groups
        Vectors of the units shuffled among each other, in the order of the run, each of shape ``(n, d)``: never made of
        the suspect's scores, which a true finding makes alike.
    """
    found = adjacency.likeness(groups)
    threshold = float(-special.ndtri(DRIFT_ALPHA / LOOKS_AT_NEIGHBOURS))
    seen = f"z = {found.largest:.2f}, limit {threshold:.2f} (p < {DRIFT_ALPHA:g})"
    passed = found.largest <= threshold
    if threshold < found.largest <= adjacency.certain(DRIFT_ALPHA / len(adjacency.REACHES)):
        p = adjacency.pvalue(found, resamples=FEWER_RESAMPLES, rng=rng)
        passed = p > DRIFT_ALPHA
        seen += f", by {FEWER_RESAMPLES} shuffles p = {p:.2g}"
    reaches = " or ".join(str(reach) for reach in adjacency.REACHES)
    return Gate(name=f"neighbours:{name}", passed=passed, detail=f"likeness of units at most {reaches} apart: {seen}")


def independent(
    suspect: Mapping[str, Any], references: Sequence[Mapping[str, Any]], *, twins: Sequence[bool] = ()
) -> Gate:
    """Ask whether a reference is the suspect itself, which would take the finding out of its own scores.

    Parameters
    ----------
    twins
        Which references gave the very answers of the suspect, where that was looked at: weights of which only columns
        are known, or that were saved anew, do not tell.
    """
    same = [reference["suspect"] for reference in references if reference["weights"] == suspect["weights"]]
    alike = [reference["suspect"] for reference, twin in zip(references, twins, strict=False) if twin]
    found = f"{len(references)} references, none the suspect"
    if same or alike:
        found = f"{same[0]} has the suspect's own weights" if same else f"{alike[0]} gave the suspect's own answers"
    return Gate(name="reference-is-not-suspect", passed=not same and not alike, detail=found)


def varied(values: NDArray[np.float64]) -> Gate:
    """Ask whether the suspect tells anything apart: of equal numbers no order or choice could have been extreme."""
    return Gate(
        name="scores-vary",
        passed=bool(np.ptp(values) > 0),
        detail=f"{len(np.unique(values)):,} different numbers among {len(values):,}",
    )


def reach(log10_floor: float, *, alpha: float) -> Gate:
    """Ask whether any outcome could have given a p-value of `alpha`: few rows in small strata, or few marks, cannot."""
    return Gate(
        name="within-reach",
        passed=log10_floor <= math.log10(alpha) + 1e-12,
        detail=f"the smallest p-value that this design allows is 10^{log10_floor:.1f}, the level is {alpha:g}",
    )


def enough(units: int) -> Gate:
    """Ask whether there are enough units for a test to mean anything."""
    return Gate(name="enough-rows", passed=units >= MIN_UNITS, detail=f"{units} units, at least {MIN_UNITS} needed")
