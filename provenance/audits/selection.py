"""Which rows are worth asking when not all can be? Chosen by when the run saw them, never by what a suspect says.

The choice looks at positions alone: ties among them are broken at random, and which example stands at a chosen
position is then as random as the shuffle made it. So the test that follows is exact for the examples chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from provenance.audits import examples, traces
from provenance.records import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.audits.examples import Layout
    from provenance.records import Record
    from provenance.transcripts.tables import Transcript

Rule = Literal["recent", "uniform"]
NEAREST, FARTHEST = 0.002, 0.2
"""Distances from the end of the run, as shares of it, between which half of the rows are chosen log-uniformly."""
EARLY = 2 / 3
"""Distance beyond which the other half lies: what is compared is then as far apart as can be."""
WORDS = {
    "recent": f"half log-uniform in distance from the end, {NEAREST}–{FARTHEST} of the run, half from its first third",
    "uniform": "by the hash of seed and id",
}
"""How each rule chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """At most so many rows, chosen by a rule."""

    queries: int
    rule: Rule = "recent"

    def __post_init__(self) -> None:
        if self.queries < 1 or self.rule not in WORDS:
            raise ValueError(f"selection {self}")


def choose(transcript: Transcript, selection: Selection | None, *, seed: int) -> Layout:
    """Lay out the units that a selection keeps, or all; a unit of several rows is kept whole or not at all.

    ``recent``: half of the rows log-uniform in distance from the end, where memory is, the other half uniform from the
    first third of the run; where there are too few of one kind, the other fills up, and then what lies between.
    ``uniform``: the first of the walk. With several epochs the last position of an example counts, and the last epoch
    stands for the run.

    Parameters
    ----------
    seed
        As for the audit: the choice is fixed by it and by the transcript.
    """
    layout = examples.lay_out(transcript, seed=seed)
    if selection is None or selection.queries >= len(layout.rows):
        return layout
    rng = generator(seed, "selection", transcript.sha256)
    order = np.arange(len(layout.names)) if selection.rule == "uniform" else _recent(layout, rng)
    sizes = np.diff(layout.edges)
    keep = np.zeros(len(order), dtype=bool)
    keep[order[: np.searchsorted(np.cumsum(sizes[order]), selection.queries, side="right")]] = True
    return layout.restricted(keep)


def records(transcript: Transcript, selection: Selection | None, *, seed: int) -> list[Record]:
    """Give what a suspect may see of the rows that a selection keeps."""
    from provenance.transcripts import tables

    return tables.some(transcript, choose(transcript, selection, seed=seed).rows)


def summary(selection: Selection, layout: Layout, transcript: Transcript) -> dict[str, Any]:
    """Give what evidence says of the choice."""
    return {
        "rule": selection.rule,
        "method": WORDS[selection.rule],
        "queries": selection.queries,
        "asked": len(layout.rows),
        "of": len(transcript.ids),
    }


def _recent(layout: Layout, rng: np.random.Generator) -> NDArray[np.int64]:
    """Order units so that any beginning of the order is half near the end of the run, half from its beginning.

    Weighted sampling without replacement by exponential keys: near the end with weight 1/distance.
    """
    last = traces.last_seen(layout.positions)
    # Units that tie may be told apart by nothing but chance: by the order of their hashes, some would be chosen more
    # often than others, and what is chosen would no longer be exchangeable.
    drawn = rng.exponential(size=len(last))
    distance = (last.max() - last + 1) / (last.max() - last.min() + 1)
    near = (distance >= NEAREST) & (distance <= FARTHEST)
    before = distance > EARLY
    nearby = np.flatnonzero(near)[np.argsort((drawn * distance)[near], kind="stable")]
    earlier = np.flatnonzero(before)[np.argsort(drawn[before], kind="stable")]
    rest = np.flatnonzero(~near & ~before)
    both = min(len(nearby), len(earlier))
    alternating = np.column_stack([nearby[:both], earlier[:both]]).ravel()
    return np.concatenate([alternating, nearby[both:], earlier[both:], rest[np.argsort(drawn[rest], kind="stable")]])
