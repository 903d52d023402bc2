"""What do a trial's scores say of its mark, as a row of the table?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marks import keyed, membership, sequences

from provenance import scoring
from provenance.audits import signals
from provenance.records import generator
from watermark import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from attacking.catalogue import Attack
    from attacking.trials import Outcome, Trial

NUMBERS = ("p", "log10_p_bound", "log10_e", "auroc", "low", "high", "words_changed", "n")
COLUMNS = ("mark", "attack", "strength", "p", "bound", "e-value", "AUROC", "words changed", "n")


def row(outcome: Outcome, *, reference: Path) -> dict[str, Any]:
    """Give what the mark's own test finds in a trial's scores."""
    trial = outcome.trial
    assert trial.attack is not None
    found = _detect(trial, scoring.read(trial.scores), scoring.read(reference))
    return {
        **_named(trial.mark, trial.attack),
        **found,
        "words_changed": outcome.changed,
        "documents_trained_on": outcome.documents,
    }


def not_measured(mark: str, attack: Attack, reason: str) -> dict[str, Any]:
    """Give the row of what was not tried."""
    return {**_named(mark, attack), "not_measured": reason}


def _named(mark: str, attack: Attack) -> dict[str, Any]:
    return {"mark": mark, "attack": attack.name, "strength": attack.strength, **dict.fromkeys(NUMBERS)}


def _detect(trial: Trial, scores: scoring.Scores, reference: scoring.Scores) -> dict[str, Any]:
    if trial.mark == "keyed":
        book = ledger.read(trial.folder / "keyed" / "ledger.parquet")
        return keyed.detect(book, scores, reference, seed=trial.seed)
    suspect, other = signals.mean_logprob(scores), signals.mean_logprob(reference)
    if trial.mark == "random sequence":
        return sequences.detect(suspect)
    rng = generator(trial.seed, "detect", trial.name)
    return membership.detect(suspect, other, members=len(suspect) // 2, rng=rng)


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Lay rows out in Markdown, aligned."""
    cells = [COLUMNS, *(_cells(one) for one in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = [_line(line, widths) for line in cells]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    names = (one["mark"], one["attack"], one["strength"])
    if "not_measured" in one:
        return (*names, f"not measured: {one['not_measured']}", "", "", "", "", "")
    bound = f"z = {one['z']:.1f}" if "z" in one else _power(one["log10_p_bound"], "none")
    return (
        *names,
        f"{one['p']:.2g}",
        bound,
        _power(one["log10_e"], "not defined"),
        f"{one['auroc']:.3f} [{one['low']:.3f}, {one['high']:.3f}]",
        f"{one['words_changed']:.1%}".replace("%", " %"),
        str(one["n"]),
    )


def _power(exponent: float | None, missing: str) -> str:
    return missing if exponent is None else f"1e{exponent:.1f}"
