"""Were these documents in the training data, when the mark itself has no exact null?

Members and held-out documents were split at random and marked alike, so exchanging them is exact for the split. What
is found is that the members were seen; the mark can only help by making them more memorable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance.records import Record
from provenance.stats import permutation, roc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

RESAMPLES = 9_999


def records(members: Sequence[str], heldout: Sequence[str]) -> list[Record]:
    """Ask about members first, then about held-out documents."""
    return [
        Record(id=f"{name}-{row:04d}", text=text)
        for name, texts in (("member", members), ("heldout", heldout))
        for row, text in enumerate(texts)
    ]


def detect(
    suspect: NDArray[np.float64], reference: NDArray[np.float64], *, members: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare members with held-out documents by mean log-probability over that of the reference.

    Null: which documents were members is independent of the suspect. Large differences of the means are extreme.

    Parameters
    ----------
    suspect, reference
        Mean log-probability of each record, members first, shape ``(members + held out,)``.
    """
    gaps = suspect - reference
    null = np.array([_difference(rng.permutation(gaps), members) for _ in range(RESAMPLES)])
    area = roc.auroc(gaps[:members], gaps[members:])
    return {
        "p": permutation.pvalue(_difference(gaps, members), null, scale=float(np.abs(gaps).max())),
        "auroc": area.value,
        "low": area.low,
        "high": area.high,
        "n": len(gaps),
    }


def _difference(gaps: NDArray[np.float64], members: int) -> float:
    return float(gaps[:members].mean() - gaps[members:].mean())
