"""What does a person at a terminal need to know of one finding, in ten lines?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from cli.terminal import STDERR

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.evidence import Evidence

COLOURS = {"evidence": "bold red", "no-evidence": "bold green", "inconclusive": "bold yellow"}


def show(evidence: Evidence, path: Path) -> None:
    """Print one finding on stderr."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("audit", f"{evidence.audit} of {evidence.suspect['suspect']}")
    table.add_row("verdict", f"[{COLOURS[evidence.verdict]}]{evidence.verdict}[/] at alpha {evidence.alpha:g}")
    table.add_row("p-value", f"{evidence.pvalue:.3g}, decided by {evidence.decided_by}, n = {evidence.n:,}")
    for name, number in (("bound", evidence.bound), ("asymptotic", evidence.asymptotic)):
        if number is not None:
            table.add_row(
                name,
                f"p ≈ {log10(number.log10_pvalue)}" if name == "asymptotic" else f"p ≤ {log10(number.log10_pvalue)}",
            )
    if evidence.evalue is not None:
        table.add_row("e-value", f"{log10(evidence.evalue.log10)} (highest {log10(evidence.evalue.log10_max)})")
    effect = evidence.effect
    table.add_row(effect.name, f"{effect.value:.3f} [{effect.low:.3f}, {effect.high:.3f}]".replace("[", r"\["))
    if evidence.auroc is not None:
        area = evidence.auroc
        table.add_row("AUROC", f"{area.value:.3f} [{area.low:.3f}, {area.high:.3f}]".replace("[", r"\["))
    failed = [gate for gate in evidence.gates if not gate.passed]
    table.add_row("gates", f"{len(evidence.gates) - len(failed)} of {len(evidence.gates)} passed")
    for gate in failed:
        table.add_row("", f"failed: {gate.name}: {gate.detail}")
    table.add_row("evidence", str(path))
    STDERR.print(table, highlight=False)


def log10(value: float) -> str:
    """Spell a number by its base-10 logarithm."""
    return f"{10**value:.3g}" if abs(value) < 4 else f"10^{value:.1f}"  # noqa: PLR2004 (what one reads at a glance)
