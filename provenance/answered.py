"""How do answers stand in a table, and how are they looked at column by column, wherever they are?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from provenance.records import Score
from provenance.unheld import Unheld

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

AT_ONCE = 8_192
"""Answers held in memory that are looked at together."""
WIDE = {name: pa.list_(pa.float64()) for name in ("logprob", "mean", "sd")}
"""Numbers that were never saved may be exacter than a table has them."""


def to_row(answer: Score, schema: pa.Schema) -> dict[str, Any]:
    """Give an answer as a row of a table."""
    return {name: getattr(answer, name) for name in schema.names}


def from_batch(batch: pa.RecordBatch) -> Iterator[Score]:
    """Make answers of rows of a table."""
    return map(_from_row, batch.to_pylist())


def columns(answers: Sequence[Score], names: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Give some columns of all answers, some thousand rows at a time."""
    if isinstance(answers, Unheld) and answers.table is not None:
        yield from answers.table(names)
        return
    wide = pa.schema([(name, WIDE.get(name, schema.field(name).type)) for name in names])
    each = iter(answers)
    while some := list(itertools.islice(each, AT_ONCE)):
        yield pa.record_batch([[getattr(row, name) for row in some] for name in names], schema=wide)


def _from_row(row: Mapping[str, Any]) -> Score:
    numbers = {
        name: None if row[name] is None else np.asarray(row[name], dtype=np.float32)
        for name in ("logprob", "mean", "sd")
    }
    lists = {name: None if row[name] is None else tuple(row[name]) for name in ("tokens", "ends")}
    return Score(**{**row, **numbers, **lists})
