"""Is a table that stands for another whole, and does it hold nothing else?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from provenance import artifacts
from provenance.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.artifacts import Kind, Table

COUNT = "count"
MOST = 1 << 27
"""Tokens of one table that are believed: numbers in their place fill a gigabyte, and nobody asks for more."""


def read(path: Path, kind: Kind) -> Table:
    """Read a table that stands for another.

    Raises
    ------
    ArtifactError
        If it has a column more, says not what it stands for, or its counts are none.
    """
    if more := sorted(set(pq.read_schema(path).names) - set(kind.columns.names)):
        raise ArtifactError(f"column {more[0]!r} in a {kind.name}", path=path, expected="nothing but numbers")
    table = artifacts.read(path, kind)
    if not isinstance(table.header.settings.get("stands_for"), str):
        raise ArtifactError("does not say what it stands for", path=path, expected="a digest")
    if COUNT in kind.columns.names:
        _check_counts(table, path)
    return table


def _check_counts(table: Table, path: Path) -> None:
    """Refuse counts before as many numbers are laid out."""
    counts = table.rows.column(COUNT)
    least, total = pc.min(counts).as_py() or 0, pc.sum(counts).as_py() or 0
    if least < 0 or total > MOST:
        raise ArtifactError(f"{total:,} tokens, the least {least:,}", path=path, expected=f"0 to {MOST:,} in all")
