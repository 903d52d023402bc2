"""What does the table of a membership audit's signals say, each with its interval, its p-value and its source?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from provenance.report import numbers
from provenance.report.tables import NONE, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenance.evidence import Evidence
    from provenance.report.tables import Row

SETTING = re.compile(r"\b(split_seed|split_share|per_cluster|min_k|clusters)=([\w.+]+)")
NUMBERS = {"split_seed": "--split-seed", "split_share": "--split-share", "per_cluster": "--per-cluster"}
RATE = 0.01
"""False-positive rate that has a column."""


def signals(evidence: Evidence) -> Sheet:
    """Lay the signals side by side; those that were not measured say why."""
    head = ("Signal", "AUROC", "Interval", f"Found at {100 * RATE:g} % false positives", "Adjusted p", "Source")
    return Sheet(
        name="Signals, described and not decided upon",
        head=head,
        rows=tuple(map(_row, evidence.signals or ())),
    )


def options(evidence: Evidence) -> tuple[str, ...]:
    """Give what the audit's command was told beyond what every audit is, read off its method."""
    if evidence.audit != "membership":
        return ()
    told = dict(SETTING.findall(evidence.pvalue_method))
    chosen = [f"--min-k {percent}" for percent in told.get("min_k", "").split("+") if percent]
    chosen += ["--cluster-field FIELD"] if told.get("clusters") == "field" else []
    return (*chosen, *(f"{option} {told[name]}" for name, option in NUMBERS.items() if told.get(name, "all") != "all"))


def _row(signal: Mapping[str, Any]) -> Row:
    name, source = str(signal.get("name", NONE)), str(signal.get("source", NONE))
    auroc, log10 = signal.get("auroc"), signal.get("log10_pvalue_holm")
    if not isinstance(auroc, dict) or not isinstance(log10, int | float):
        return (name, "not measured", str(signal.get("not_measured", NONE)), NONE, NONE, source)
    return (
        name,
        numbers.number(auroc["value"]),
        Markup("{} to {}").format(numbers.number(auroc["low"]), numbers.number(auroc["high"])),
        _rate(signal),
        numbers.probability(log10),
        source,
    )


def _rate(signal: Mapping[str, Any]) -> str:
    for rate in signal.get("tpr_at_fpr", ()):
        if rate.get("fpr") == RATE:
            return numbers.number(rate["tpr"]) if "tpr" in rate else f"not measured: {rate.get('not_measured', NONE)}"
    return NONE
