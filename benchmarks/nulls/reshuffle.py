"""How often does a reshuffle audit accuse a text whose writer never met the order of the last phase?

What is redrawn is which of the re-runs counts as the one in the original order, and which documents make the text. Of
19 reshuffled re-runs no rank is below .05: at stricter levels the verdict has to be inconclusive.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from nulls import workshop
from nulls.scenarios import Scenario
from provenance import scoring
from provenance.audits import reshuffle

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from nulls.scenarios import Claim
    from provenance.evidence import Evidence
    from provenance.scoring import Scores

TEXTS = 12
"""Documents that make the text of one audit."""


@functools.cache
def bench(folder: Path, what: str) -> tuple[Scores, ...]:
    """Read what every re-run said of the documents."""
    return tuple(
        scoring.read(workshop.scores(folder, what, f"rerun-{number}")) for number in range(workshop.RERUNS + 1)
    )


def _draw(folder: Path, rng: np.random.Generator, *, what: str) -> Claim:
    told = bench(folder, what)
    count = len(told[0].rows)
    chosen = rng.permutation(count)[:TEXTS].tolist()
    run, *others = (_of(told[number], chosen, rng) for number in rng.permutation(len(told)).tolist())
    return functools.partial(_audited, run, others)


def _of(scores: Scores, chosen: list[int], rng: np.random.Generator) -> Scores:
    return replace(scores, rows=tuple(scores.rows[row] for row in chosen), sha256=rng.bytes(32).hex())


def _audited(run: Scores, others: list[Scores], alpha: float) -> Evidence:
    return reshuffle.audit(run, others, name="text", alpha=alpha)


SCENARIOS = (
    Scenario(name="independent text", draw=functools.partial(_draw, what="texts"), audits=500),
    Scenario(name="the last phase's data quoted", draw=functools.partial(_draw, what="phase"), audits=500),
)
