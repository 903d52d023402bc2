"""Which rate of false findings did the audits of a scenario have, and is it more than chance allows?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scipy import stats

from nulls.scenarios import ALPHAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nulls.scenarios import Ending

VERDICTS = ("evidence", "no-evidence", "inconclusive")
LEVEL = 0.95
CHANCE = 1e-4
"""With which probability a row of an exact audit is called too high all the same."""


def rows(audit: str, scenario: str, endings: Sequence[Sequence[Ending]]) -> list[dict[str, Any]]:
    """Give one row a level; `endings` has one line an audit and one column a level of `ALPHAS`."""
    return [_row(audit, scenario, alpha, [line[column] for line in endings]) for column, alpha in enumerate(ALPHAS)]


def _row(audit: str, scenario: str, alpha: float, endings: Sequence[Ending]) -> dict[str, Any]:
    count = len(endings)
    verdicts = Counter(ending.verdict for ending in endings)
    false = verdicts["evidence"]
    interval = stats.binomtest(false, count).proportion_ci(LEVEL, method="exact")
    return {
        "audit": audit,
        "scenario": scenario,
        "alpha": alpha,
        "rate": false / count,
        "low": float(interval.low),
        "high": float(interval.high),
        "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS},
        "audits": count,
        "rejected": sum(ending.rejected for ending in endings) / count,
        "holds": false <= most(count, alpha),
    }


def most(count: int, alpha: float) -> int:
    """Give the number of false findings among `count` that an exact audit exceeds with probability `CHANCE`."""
    return int(stats.binom.isf(CHANCE, count, alpha))


def faults(found: Iterable[dict[str, Any]]) -> list[str]:
    """Name the rows whose rate of false evidence is above their level by more than chance allows."""
    return [
        f"{row['audit']}, {row['scenario']}, alpha {row['alpha']:g}: {row['verdicts']['evidence']} of {row['audits']} "
        f"null audits ended as evidence, at most {most(row['audits'], row['alpha'])} may"
        for row in found
        if not row["holds"]
    ]


def table(found: Sequence[dict[str, Any]]) -> str:
    """Lay rows out in Markdown, one line a scenario."""
    levels = [f"false evidence at {alpha:g}" for alpha in ALPHAS]
    head = ("audit", "scenario", *levels, "p ≤ .05, gates aside", "inconclusive", "audits")
    lines = [found[first : first + len(ALPHAS)] for first in range(0, len(found), len(ALPHAS))]
    cells = [head, *(_cells(line) for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    laid = [_line(line, widths) for line in cells]
    return "\n".join([laid[0], _line(["-" * width for width in widths], widths), *laid[1:]])


def _cells(line: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    first = line[0]
    rates = [
        f"{row['rate']:.4f} [{row['low']:.4f}, {row['high']:.4f}]{'' if row['holds'] else ' **too high**'}"
        for row in line
    ]
    withheld = first["verdicts"]["inconclusive"] / first["audits"]
    return (
        first["audit"],
        first["scenario"],
        *rates,
        f"{first['rejected']:.3f}",
        f"{withheld:.3f}",
        str(first["audits"]),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"
