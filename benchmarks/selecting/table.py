"""How often was whom accused, by which claim, and which gates spoke?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.stats import roc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from selecting.claims import Ending

LEVELS = (0.05, 0.001)
HEAD = ("claim", "reference", "suspect", *(f"{what} {level:g}" for level in LEVELS for what in ("p ≤", "evidence at")))


def rows(endings: Iterable[Ending]) -> list[dict[str, Any]]:
    """Count endings, a row for each claim, reference and suspect, in the order of the claims."""
    groups: dict[tuple[str, str, str], list[Ending]] = {}
    for ending in endings:
        groups.setdefault((ending.claim, ending.reference, ending.suspect), []).append(ending)
    return [{**dict(zip(HEAD, which, strict=False)), **_counted(found)} for which, found in groups.items()]


def _counted(endings: Sequence[Ending]) -> dict[str, Any]:
    return {
        "audits": len(endings),
        "rejected": {str(level): sum(_small(one, level) for one in endings) for level in LEVELS},
        "evidence": {str(level): sum(_small(one, level) and not one.failed for one in endings) for level in LEVELS},
        "inconclusive": sum(bool(one.failed) for one in endings),
        "gates": dict(Counter(gate for one in endings for gate in one.failed)),
    }


def _small(ending: Ending, level: float) -> bool:
    return ending.pvalue <= level * (1 + 1e-12)


def markdown(figures: dict[str, Any]) -> str:
    """Lay out what was counted, and what was seen of the selection itself."""
    head = (*HEAD, "inconclusive", "gates that failed", "audits")
    lines = [_line(head), _line(["---"] * len(head)), *(_line(_cells(row)) for row in figures["rows"])]
    phases = ", ".join(f"{share:.3f}" for share in figures["wanted"])
    shared = ", ".join(f"{name} {share:.3f}" for name, share in figures["shared"].items())
    told = [
        "Shares with 95 % intervals (Clopper-Pearson, nominal: runs share the model they begin from).",
        f"Share of the wanted kind: in pools {figures['pools']:.3f}; in phases {phases}.",
        f"Share of picks in common with: {shared}.",
    ]
    return "\n".join([*lines, "", *told])


def _cells(row: dict[str, Any]) -> list[str]:
    counts = [row[what][str(level)] for level in LEVELS for what in ("rejected", "evidence")]
    gates = ", ".join(f"{name} {count}" for name, count in row["gates"].items()) or "–"
    named = [row["claim"], row["reference"], row["suspect"]]
    return [
        *named,
        *(share(count, row["audits"]) for count in counts),
        str(row["inconclusive"]),
        gates,
        str(row["audits"]),
    ]


def share(count: int, of: int) -> str:
    """Spell a share with its interval."""
    low, high = roc.clopper_pearson(count, of, level=0.95)
    return f"{count / of:.2f} [{low:.2f}, {high:.2f}]"


def means(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """Average what was seen of several runs."""
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
