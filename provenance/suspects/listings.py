"""What stands in somebody's table, column by column and some thousand rows at a time: Parquet, CSV or JSON lines?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")
TEXT = {name: pa.string() for name in ("id", "view", "set")}
"""Columns that a CSV must not read as numbers or dates: 007 is no 7."""
AT_ONCE = 8_192
"""Rows of a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows that stand together."""

    lines: Sequence[int]
    """Where each stands: its line, or its number in a Parquet file."""
    columns: Mapping[str, Any]
    """The columns that were asked for and are there: Arrow arrays, or lists where rows were read one by one."""

    def column(self, name: str, *, absent: Any = None) -> list[Any]:
        """Give one column as Python values, `absent` in every row where there is none."""
        found = self.columns.get(name)
        if found is None:
            return [absent] * len(self.lines)
        return found if isinstance(found, list) else list(found.to_pylist())


def columns(path: str) -> tuple[str, ...]:
    """Name the columns of a table; of JSON lines all that any row has.

    Raises
    ------
    InputError
        If there is no such file, its kind is unknown, or it cannot be read.
    """
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise InputError("unknown kind of file", path=path, expected=f"a name in {', '.join(SUFFIXES)}")
    if not Path(path).is_file():
        raise InputError("no such file", path=path)
    if suffix in {".jsonl", ".ndjson"}:
        return tuple(dict.fromkeys(key for _, row in _objects(path) for key in row))
    try:
        if suffix == ".csv":
            with _csv_types(path) as found:
                return tuple(found.schema.names)
        return tuple(pa.parquet.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def parts(path: str, names: Collection[str]) -> Iterator[Part]:
    """Give some columns of a table, part by part; Parquet and JSON lines in bounded memory, a CSV as whole columns.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    suffix = Path(path).suffix
    if suffix in {".jsonl", ".ndjson"}:
        yield from _of_objects(path, names)
        return
    try:
        row = 2 if suffix == ".csv" else 1
        for batch in _csv(path, names) if suffix == ".csv" else _parquet(path, names):
            lines = range(row, row + len(batch))
            yield Part(lines=lines, columns=dict(zip(batch.schema.names, batch.columns, strict=True)))
            row += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _parquet(path: str, names: Collection[str]) -> Iterator[pa.RecordBatch]:
    with pa.parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        wanted = [name for name in file.schema_arrow.names if name in names]
        yield from file.iter_batches(AT_ONCE, columns=wanted)


def _csv(path: str, names: Collection[str]) -> Iterator[pa.RecordBatch]:
    # Not as a stream: what type a column has shows only when all of it has been seen.
    with _csv_types(path) as found:
        wanted = [name for name in found.schema.names if name in names]
    how = pa.csv.ConvertOptions(column_types=TEXT, include_columns=wanted)
    yield from pa.csv.read_csv(path, convert_options=how).to_batches(AT_ONCE)


def _csv_types(path: str) -> Any:
    return pa.csv.open_csv(path, convert_options=pa.csv.ConvertOptions(column_types=TEXT))


def _of_objects(path: str, names: Collection[str]) -> Iterator[Part]:
    lines, rows = list[int](), list[dict[str, Any]]()
    for line, row in _objects(path):
        lines.append(line)
        rows.append(row)
        if len(rows) == AT_ONCE:
            yield _part(lines, rows, names)
            lines, rows = [], []
    if rows:
        yield _part(lines, rows, names)


def _part(lines: Sequence[int], rows: Sequence[Mapping[str, Any]], names: Collection[str]) -> Part:
    # A variant that a row does not name is the first; one that is null is nothing.
    absent = {"variant": 0}
    return Part(lines=lines, columns={name: [row.get(name, absent.get(name)) for row in rows] for name in names})


def _objects(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with Path(path).open("rb") as stream:
        for line, text in enumerate(stream, start=1):
            try:
                row = json.loads(text) if text.strip() else {}
            except ValueError as error:
                raise InputError(f"not JSON ({error})", path=path, line=line) from error
            if not isinstance(row, dict):
                raise InputError("not a JSON object", path=path, line=line, expected="one object a line")
            if row:
                yield line, row


def _unreadable(path: str, error: Exception) -> InputError:
    return InputError(f"cannot be read ({str(error).splitlines()[0]})", path=path)
