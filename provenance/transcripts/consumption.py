"""When was each row consumed, according to the completed steps?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.transcripts import choosing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.transcripts.importing import Sample
    from provenance.transcripts.log import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """Every consumption of a row that the log kept, in order."""

    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    length: int
    """Positions of the whole run, those of rows that the log did not keep among them."""


def by_row(steps: Iterable[Step], *, unit: str) -> Consumed:
    """Give rows and positions: places among all rows consumed, or with ``step`` the number of steps before."""
    rows, positions = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    before, count = 0, 0
    for step in steps:
        places = np.arange(len(step.rows)) if step.places is None else np.array(step.places, dtype=np.int64)
        rows.append(np.array(step.rows, dtype=np.int64))
        positions.append(np.full(len(places), count) if unit == "step" else before + places)
        before, count = before + step.size, count + 1
    length = count if unit == "step" and before else before
    return Consumed(rows=np.concatenate(rows), positions=np.concatenate(positions), length=length)


def kept(rows: Sequence[int], sample: Sample | None, *, of: int) -> dict[str, Any]:
    """Give what the log of a step keeps of its rows: all, or those of a sample of all `of`, with their places."""
    if sample is None:
        return {"rows": tuple(rows)}
    numbers = np.array(rows, dtype=np.int64)
    places = np.flatnonzero(choosing.kept(numbers, share=sample.rows / max(of, 1), seed=sample.seed))
    return {"rows": tuple(numbers[places].tolist()), "places": tuple(places.tolist()), "of": len(rows)}


def table(consumed: Consumed, ids: Sequence[object], columns: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a transcript's rows in the order of the data; a column is asked for the rows that were consumed alone."""
    order = np.argsort(consumed.rows, kind="stable")
    numbers, first = np.unique(consumed.rows[order], return_index=True)
    ends = itertools.pairwise([*first.tolist(), len(order)])
    for row, (start, end) in zip(numbers.tolist(), ends, strict=True):
        values = {name: column[row] for name, column in columns.items() if column is not None}
        if "tokens" in values:
            values["tokens"] = np.asarray(values["tokens"]).tolist()
        yield {"id": str(ids[row]), "positions": consumed.positions[order[start:end]].tolist(), **values}
