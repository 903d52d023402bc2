"""What may an owner claim of the order of a run whose data were picked, and what does the audit say of it?

``true`` claims are those under which the null holds by design; the others are what gates are there for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.audits import order
from provenance.transcripts import tables
from selecting import runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenance.evidence import Evidence
    from provenance.transcripts.tables import Transcript
    from selecting.runs import Run
    from selecting.stage import Stage

DERIVED = "derived from the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said of an order."""

    name: str
    order: str
    """In which order of `runs.Run.orders` the rows were eaten."""
    kind: str
    """The shuffle that the transcript records."""
    last: bool = False
    """Whether only the last phase is shown."""


CLAIMS = (
    Claim(name="shuffled within phases, last phase alone", order=runs.SHUFFLED, kind="within-stratum", last=True),
    Claim(name="shuffled within phases, recorded so", order=runs.SHUFFLED, kind="within-stratum"),
    Claim(name="shuffled within phases, claimed as one shuffle", order=runs.SHUFFLED, kind="full"),
    Claim(name="best first, claimed as shuffled within phases", order=runs.BEST_FIRST, kind="within-stratum"),
    Claim(name="best last, claimed as shuffled within phases", order=runs.BEST_LAST, kind="within-stratum"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one audit ended."""

    claim: str
    reference: str
    suspect: str
    run: int
    pvalue: float
    failed: tuple[str, ...]
    """Gates that did not pass."""


def audit(run: Run, stage: Stage, folder: Path) -> Iterator[Ending]:
    """Audit every claim, with every reference, against the derived model and against innocents."""
    for number, claim in enumerate(CLAIMS):
        transcript = written(run, claim, stage, folder / f"{run.number}-{number}.parquet")
        for name, said in {DERIVED: run.derived[claim.order], **run.innocents}.items():
            for reference, known in run.references.items():
                how: dict[str, Any] = {"references": [known], "resamples": stage.settings.resamples}
                found = order.audit(transcript, said, **how)
                yield _ended(found, claim=claim.name, reference=reference, suspect=name, run=run.number)


def written(run: Run, claim: Claim, stage: Stage, path: Path) -> Transcript:
    """Write a transcript as its owner would, and read it."""
    places, phases = np.argsort(run.orders[claim.order]), run.phase.tolist()
    shown = np.flatnonzero(run.phase == run.phase.max()) if claim.last else np.arange(len(run.rows))
    tables.write(
        path,
        (
            {
                "id": f"{row:04d}",
                "positions": [int(places[row])],
                "tokens": run.rows[row].tolist(),
                "stratum": f"phase {phases[row]}" if claim.kind == "within-stratum" else None,
            }
            for row in shown.tolist()
        ),
        tokenizer=stage.known,
        run_length=len(run.rows),
        position_unit="example",
        shuffle={"kind": claim.kind},
        inputs={},
    )
    return tables.read(path)


def _ended(found: Evidence, **which: Any) -> Ending:
    return Ending(pvalue=found.pvalue, failed=tuple(gate.name for gate in found.gates if not gate.passed), **which)
