"""How often was whom accused, by which claim, and which gates spoke?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.stats import roc
from selecting import claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LEVELS = (0.05, 0.001)
NAMES = ("claim", "reference", "suspect")
HEAD = (
    "claim",
    "reference",
    "derived: p ≤ .05",
    "evidence at .05",
    "at .001",
    "innocents: p ≤ .05",
    "evidence at .05",
    "at .001",
    "those at .05, by kind",
    "gates that failed",
)


def rows(endings: Iterable[claims.Ending]) -> list[dict[str, Any]]:
    """Count endings, a row for each claim, reference and suspect, in the order of the claims."""
    groups: dict[tuple[str, str, str], list[claims.Ending]] = {}
    for ending in endings:
        groups.setdefault((ending.claim, ending.reference, ending.suspect), []).append(ending)
    return [{**dict(zip(NAMES, which, strict=True)), **_counted(found)} for which, found in groups.items()]


def _counted(endings: Sequence[claims.Ending]) -> dict[str, Any]:
    small = {level: [one for one in endings if one.pvalue <= level * (1 + 1e-12)] for level in LEVELS}
    return {
        "audits": len(endings),
        "rejected": {str(level): len(found) for level, found in small.items()},
        "evidence": {str(level): sum(not one.failed for one in found) for level, found in small.items()},
        "inconclusive": sum(bool(one.failed) for one in endings),
        "gates": dict(Counter(gate for one in endings for gate in one.failed)),
    }


def markdown(figures: dict[str, Any]) -> str:
    """Lay out what was counted, a line a claim and reference, and what was seen of the selection itself."""
    pairs = dict.fromkeys((row["claim"], row["reference"]) for row in figures["rows"])
    lines = [_line(HEAD), _line(["---"] * len(HEAD)), *(_line(_cells(*pair, figures["rows"])) for pair in pairs)]
    phases = ", ".join(f"{part:.3f}" for part in figures["wanted"])
    shared = ", ".join(f"{name} {part:.3f}" for name, part in figures["shared"].items())
    kinds = dict.fromkeys(row["suspect"] for row in figures["rows"] if row["suspect"] != claims.DERIVED)
    return "\n".join(
        [
            *lines,
            "",
            f"Innocents by kind: {' / '.join(kinds)}.",
            "Intervals: 95 %, Clopper-Pearson, nominal, as innocents of one run answer for the same picks.",
            f"Share of the wanted kind: in pools {figures['pools']:.3f}; phase by phase {phases}.",
            f"Share of a phase's picks that stays: {shared}.",
        ]
    )


def _cells(claim: str, reference: str, found: Iterable[dict[str, Any]]) -> Iterator[str]:
    own = [row for row in found if (row["claim"], row["reference"]) == (claim, reference)]
    derived = [row for row in own if row["suspect"] == claims.DERIVED]
    innocent = [row for row in own if row["suspect"] != claims.DERIVED]
    yield from (claim, reference)
    for who in (derived, innocent):
        for what, level in (("rejected", "0.05"), ("evidence", "0.05"), ("evidence", "0.001")):
            yield _share(sum(row[what][level] for row in who), sum(row["audits"] for row in who))
    yield " / ".join(str(row["evidence"]["0.05"]) for row in innocent) or "–"
    gates = sum((Counter(row["gates"]) for row in own), Counter[str]())
    yield ", ".join(f"{name} {count}" for name, count in gates.items()) or "–"


def _share(count: int, of: int) -> str:
    """Spell a share with its interval."""
    if not of:
        return "–"
    low, high = roc.clopper_pearson(count, of, level=0.95)
    return f"{count} of {of} [{low:.3f}, {high:.3f}]"


def means(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """Average what was seen of several runs."""
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
