"""How is a table of ours looked at that stays on the disk, column by column and some thousand rows at a time?"""

from __future__ import annotations

import bisect
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from provenance import artifacts, storage
from provenance.unheld import Unheld

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow.parquet as pq

T = TypeVar("T")
FEW = 1_024
"""Rows that are made into items together: as Python values they are large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A table that stays on the disk, and open, so that it may be looked at again under whatever name."""

    header: artifacts.Header
    path: Path
    sha256: str
    kind: artifacts.Kind
    file: pq.ParquetFile

    def __len__(self) -> int:
        return int(self.file.metadata.num_rows)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Give some columns, some thousand rows at a time."""
        try:
            for batch in self.file.iter_batches(artifacts.ROWS_PER_GROUP, columns=names):
                yield self._cast(batch, names)
        except (pa.ArrowException, OSError) as error:
            raise artifacts.damaged(self.path, error) from error

    def column(self, name: str, make: Callable[[pa.Array], Iterable[T]]) -> Unheld[T]:
        """Give one column, which `make` turns into items."""

        def passing() -> Iterator[T]:
            return itertools.chain.from_iterable(map(make, arrow()))

        def arrow() -> Iterator[pa.Array]:
            return (batch.column(0) for batch in self.batches([name]))

        at = self._one([name], lambda batch: make(batch.column(0)))
        return Unheld(length=len(self), passing=passing, at=at, arrow=arrow)

    def rows(self, make: Callable[[pa.RecordBatch], Iterable[T]]) -> Unheld[T]:
        """Give all rows, which `make` turns into items."""
        names = self.kind.columns.names

        def passing() -> Iterator[T]:
            parts = (batch.slice(at, FEW) for batch in self.batches(names) for at in range(0, len(batch), FEW))
            return itertools.chain.from_iterable(map(make, parts))

        return Unheld(length=len(self), passing=passing, at=self._one(names, make), table=self.batches)

    def _one(self, names: Sequence[str], make: Callable[[pa.RecordBatch], Iterable[T]]) -> Callable[[int], T]:
        """Make one item by its number; those that stand with it are read with it, and kept until the next."""
        groups = range(self.file.metadata.num_row_groups)
        edges = list(itertools.accumulate((self.file.metadata.row_group(at).num_rows for at in groups), initial=0))

        @functools.lru_cache(maxsize=1)
        def group(number: int) -> pa.RecordBatch:
            try:
                rows = self.file.read_row_group(number, columns=list(names)).combine_chunks()
            except (pa.ArrowException, OSError) as error:
                raise artifacts.damaged(self.path, error) from error
            (batch,) = rows.to_batches()
            return self._cast(batch, names)

        def at(row: int) -> T:
            number = bisect.bisect_right(edges, row) - 1
            return next(iter(make(group(number).slice(row - edges[number], 1))))

        return at

    def _cast(self, batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
        return batch.select(list(names)).cast(pa.schema([self.kind.columns.field(name) for name in names]))


def leave(path: str | os.PathLike[str], kind: artifacts.Kind) -> Unread:
    """Open a table of the given kind, refuse what `provenance.artifacts.read` does, and leave its rows alone."""
    file = artifacts.opened(path, kind)
    header = artifacts.decode_header(file, path, kind)
    return Unread(header=header, path=Path(path), sha256=storage.digest(path), kind=kind, file=file)
