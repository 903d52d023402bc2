"""What do the rows of a transcript say, if they only pass by and are never held?

Row groups are read one after the other: memory is that of some rows, whatever the transcript's size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provenance import artifacts
from provenance.transcripts.tables import TRANSCRIPT

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """Token ids of some rows."""

    tokens: NDArray[np.int32]
    edges: NDArray[np.int64]
    """Row r has ``tokens[edges[r]:edges[r + 1]]``."""
    without: int
    """Rows whose ids were not recorded; here they are empty."""


def ids(path: str | os.PathLike[str]) -> Iterator[Ids]:
    """Give the token ids of all rows in turn."""
    for batch in artifacts.batches(path, _only("tokens")):
        column = batch.column(0)
        lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        # A copy: arrays that share Arrow's memory cannot be written to, and compiled code would be made twice.
        tokens = np.array(column.flatten().fill_null(-1), dtype=np.int32)
        yield Ids(tokens=tokens, edges=np.cumsum([0, *lengths], dtype=np.int64), without=column.null_count)


def texts(path: str | os.PathLike[str]) -> Iterator[list[str | None]]:
    """Give the texts of all rows in turn, None where there is none."""
    for batch in artifacts.batches(path, _only("text")):
        yield batch.column(0).to_pylist()


def _only(name: str) -> artifacts.Kind:
    return replace(TRANSCRIPT, columns=pa.schema([TRANSCRIPT.columns.field(name)]))
