"""How is the matrix read by people? One markdown table, and how often null rows were accused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenance.stats import roc
from survival import asking, bases, last_phase, redraws
from survival.derivations import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIGNS = {"evidence": "**evidence**", "no-evidence": "none", "inconclusive": "inconclusive"}
LEVELS = (0.05, 0.001)
HEAD = ("derivation", "dose", "start", "cost", *asking.AUDITS, "s")
LEGEND = (
    "cost: rise of the loss on held-out text, nats a token. Audits: verdict, log10 p / log10 of the tail beyond its "
    "floor / log10 e-value. The tail of the watermark audit is a rigorous bound; the others are extrapolations and "
    "decide nothing. Membership and reshuffle have no e-value; of 19 re-runs no p is below .05, and that is its level."
)


def costs(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Give what each row cost: its loss minus that of its start untouched, in nats a token."""
    losses = {row["start"]: row["loss"] for row in rows if row["derivation"] == catalogue.UNTOUCHED}
    return [row["loss"] - losses[row["start"]] for row in rows]


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Lay the rows out."""
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    for row, cost in zip(rows, costs(rows), strict=True):
        name = f"{row['derivation']}{' (toy scale)' if row['toy_scale'] else ''}"
        cells = [name, f"{row['dose']:g}", row["start"], f"{cost:+.3f}"]
        cells += [_cell(row["audits"][audit]) for audit in asking.AUDITS]
        lines.append(_line([*cells, f"{row['seconds']['derive'] + row['seconds']['ask']:.0f}"]))
    return "\n".join([LEGEND, "", *lines, "", *accused(rows), *_phenomena(rows), "", *doses()])


def doses() -> list[str]:
    """Say what the doses of each derivation are counted in, and which there are."""
    derived = [module for name, module in catalogue.ALL.items() if name != catalogue.UNTOUCHED]
    return [
        _line(("derivation", "dose")),
        _line(["---"] * 2),
        *(_line((one.NAME, f"{one.UNIT}: {', '.join(f'{dose:g}' for dose in one.DOSES)}")) for one in derived),
    ]


def accused(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say how often null rows had a p at or below a level, as they are and with their claims' randomness redrawn."""
    nulls = [row for row in rows if row["start"] != bases.OURS]
    if not nulls:
        return []
    starts = len({row["start"] for row in nulls})
    of = f"{len(nulls)}, of {starts} independent models"
    lines = [f"Null rows: {of}; rows of one model are alike, so their intervals are nominal."]
    for audit in asking.AUDITS:
        found = [row["audits"][audit]["log10_p"] for row in nulls if "log10_p" in row["audits"][audit]]
        levels = (last_phase.ALPHA,) if audit == "reshuffle" else LEVELS
        lines += [
            _rate(audit, level, sum(10**value <= level * (1 + 1e-9) for value in found), len(found)) for level in levels
        ]
    return [*lines, "", *_redrawn(nulls)]


def _redrawn(nulls: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Add up the redraws of all null rows: each is a draw of its own, given what the models said."""
    yield (
        "The same with order, release and split drawn anew for every null row, answers as they were. This checks the "
        "arithmetic of the tests:"
    )
    for audit in asking.AUDITS:
        counts = [row["redraws"][audit] for row in nulls if audit in row["redraws"]]
        for level in redraws.LEVELS if counts else ():
            hits = sum(one["hits"][f"{level:g}"] for one in counts)
            yield _rate(audit, level, hits, sum(one["of"] for one in counts))


def _rate(audit: str, level: float, hits: int, of: int) -> str:
    low, high = roc.clopper_pearson(hits, of, level=0.95)
    return f"- {audit}: p ≤ {level:g} in {hits:,} of {of:,} (95 % interval {low:.3f} to {high:.3f})"


def _cell(numbers: dict[str, Any]) -> str:
    """Spell a finding; a dash where an audit has no such number, or the reason why it was not made."""
    if "not_measured" in numbers:
        return f"not measured: {numbers['not_measured']}"
    found = (numbers.get(name) for name in ("log10_p", "log10_tail", "log10_e"))
    spelt = " / ".join("–" if value is None else f"{value:.1f}" for value in found)
    return f"{SIGNS[numbers['verdict']]} {spelt}"


def _phenomena(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say what was seen of what a derivation is about."""
    lines = [
        f"- {row['derivation']} {row['dose']:g} ({row['start']}): "
        + ", ".join(f"{name} {value:.3g}" for name, value in row["seen"].items())
        for row in rows
        if row["seen"]
    ]
    return ["", "What was seen of the phenomenon itself:", *lines] if lines else []


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
