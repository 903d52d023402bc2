"""How much of an order's trace hangs on the reference?

    python benchmarks/survival/references.py --keep DIR [--json] [--seed N]

The matrix compares with a model of the same shape that learned the rows of the run in another order. Nobody who audits
a real model has that. The same derived models are audited here with it, with a model that learned the plain rows of the
run alone, and with none. Goes on from the models that `run.py --keep DIR` trained.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])


from provenance.audits import order
from provenance.suspects import causal_lm
from survival import asking, bases, defaults, kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from survival.settings import Settings

ROWS = (
    ("untouched", 0.0, bases.OURS),
    ("fine-tuning", 1.0, bases.OURS),
    ("continued, re-warmed", 1.0, bases.OURS),
    ("instruction tuning", 0.5, bases.OURS),
    ("merging with a sibling", 0.5, bases.OURS),
    ("distillation on texts", 1.0, bases.OURS),
    ("untouched", 0.0, "null-1"),
    ("fine-tuning", 1.0, "null-1"),
)
"""What ate most of the order's trace, and an innocent model."""
REFERENCES = {
    "the run's rows, another order": ("reference-order",),
    "plain rows of the run alone": ("reference-clean",),
    "none": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One derived model beside one reference: log10 of p, of the tail beyond its floor, and of the e-value."""

    derivation: str
    dose: float
    start: str
    reference: str
    log10_p: float
    log10_tail: float
    log10_e: float


def measure(folder: Path, settings: Settings) -> Iterator[Compared]:
    """Derive every row, and audit it beside every reference."""
    found = asking.bench(folder, settings)
    said = {
        name: asking.score(found, "order", causal_lm.load(str(folder / "models" / name), device=settings.device))
        for names in REFERENCES.values()
        for name in names
    }
    for name, dose, start in ROWS:
        suspect, _ = defaults.derived(name, dose, start, folder, settings)
        own = asking.score(found, "order", suspect)
        for told, names in REFERENCES.items():
            evidence = order.audit(
                found.transcript,
                own,
                references=[said[one] for one in names],
                selection=found.chosen,
                resamples=settings.resamples,
                seed=settings.seed,
            )
            if evidence.asymptotic is None or evidence.evalue is None:
                raise AssertionError("an audit of all rows has both")
            yield Compared(
                derivation=name,
                dose=dose,
                start=start,
                reference=told,
                log10_p=evidence.log10_pvalue,
                log10_tail=evidence.asymptotic.log10_pvalue,
                log10_e=evidence.evalue.log10,
            )


def main() -> None:
    """Measure and print."""
    kept.show(kept.parser(__doc__).parse_args(), measure, markdown)


def markdown(found: Sequence[Compared]) -> str:
    """Lay it out: a row a model, a column a reference."""
    lines = [f"| model | {' | '.join(REFERENCES)} |", "|---" * (1 + len(REFERENCES)) + "|"]
    for name, dose, start in dict.fromkeys((one.derivation, one.dose, one.start) for one in found):
        each = [one for one in found if (one.derivation, one.dose, one.start) == (name, dose, start)]
        cells = [f"{one.log10_p:.1f} / {one.log10_tail:.1f} / {one.log10_e:.1f}" for one in each]
        whose = "" if start == bases.OURS else ", an independent model"
        lines.append(f"| {name} {dose:g}{whose} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Cells: log10 of p / of the tail beyond its floor / of the e-value."])


if __name__ == "__main__":
    main()
