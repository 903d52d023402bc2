"""How is a table of ours written, and read back only if it is one of ours?

Tables are Parquet with a JSON header in the schema metadata, so that pandas, DuckDB, ``datasets`` and Spark open them.
Each kind of table is named by a `Kind`, which stands in the module that gives the table its meaning.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provenance import storage, strangers
from provenance.errors import ArtifactError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

METADATA_KEY = b"provtool"
TOOL = f"provtool/{version('provtool')}"
ROWS_PER_GROUP, UNITS_PER_GROUP = 8192, 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one row of a table is, and in which columns it stands."""

    name: str
    """Name in the header, such as ``transcript``."""
    row: str
    """What one row is, in words, for messages."""
    columns: pa.Schema
    """Column names and types, without metadata."""
    schema: int = 1
    """Version of the columns; a reader refuses any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a table says about itself."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of every file the table was made from, by the role the file played."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Every setting that changes the rows."""
    tool: str = TOOL
    """Name and version of what wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table read back: header, rows, and where they came from."""

    header: Header
    rows: pa.Table
    path: Path
    sha256: str

    def column(self, name: str) -> list[Any]:
        """Give one column as Python values."""
        values: list[Any] = self.rows.column(name).to_pylist()
        return values


class TableWriter:
    """Write a table row by row in bounded memory; nothing appears under its name before the block ends well.

    A row group ends after `ROWS_PER_GROUP` rows or about `UNITS_PER_GROUP` letters and list items, however deep they
    lie, so that a few large documents, or some with many sites, are not held together.
    """

    def __init__(self, path: str | os.PathLike[str], *, kind: Kind, header: Header, secret: bool = False) -> None:
        self._kind, self._rows, self._units = kind, list[dict[str, Any]](), 0
        self._schema = kind.columns.with_metadata({METADATA_KEY: _encode_header(kind, header)})
        self._names = frozenset(kind.columns.names)
        self._path, self._secret = path, secret

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            temporary = opening.enter_context(storage.atomic(self._path, secret=self._secret))
            self._writer = opening.enter_context(pq.ParquetWriter(temporary, self._schema, compression="zstd"))
            opening.push(self._finish)
            self._stack = opening.pop_all()
        return self

    def write(self, row: Mapping[str, Any]) -> None:
        """Append one row; columns that it lacks are null, and a column that the table lacks is a ValueError."""
        if unknown := row.keys() - self._names:
            raise ValueError(f"no column {min(unknown)!r}")
        self._rows.append(dict(row))
        self._units += _units(row)
        if len(self._rows) >= ROWS_PER_GROUP or self._units >= UNITS_PER_GROUP:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _finish(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._units = [], 0


def write(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], *, kind: Kind, header: Header) -> None:
    """Write a whole table at once."""
    with TableWriter(path, kind=kind, header=header) as writer:
        for row in rows:
            writer.write(row)


def write_batches(
    path: str | os.PathLike[str], batches: Iterable[pa.RecordBatch], *, kind: Kind, header: Header
) -> None:
    """Write a table whose rows come many at a time: with the bytes of one written row by row."""
    schema = kind.columns.with_metadata({METADATA_KEY: _encode_header(kind, header)})
    with storage.atomic(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for group in _groups(batches):
            writer.write_table(group.cast(schema))


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut rows into row groups where `TableWriter` does."""
    held, rows, units = list[pa.RecordBatch](), 0, 0
    for batch in batches:
        sizes, at = np.cumsum(_sizes(batch)), 0
        while at < len(batch):
            before = int(sizes[at - 1]) if at else 0
            full = int(np.searchsorted(sizes, UNITS_PER_GROUP - units + before)) + 1
            stop = min(full, at + ROWS_PER_GROUP - rows, len(batch))
            held.append(batch.slice(at, stop - at))
            rows, units, at = rows + stop - at, units + int(sizes[stop - 1]) - before, stop
            if rows >= ROWS_PER_GROUP or units >= UNITS_PER_GROUP:
                yield pa.Table.from_batches(held).combine_chunks()
                held, rows, units = [], 0, 0
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def _sizes(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Count the letters and list items of each row, as `_units` does of flat ones."""
    sizes = np.zeros(len(batch), dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type):
            sizes += pc.utf8_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        elif pa.types.is_list(column.type):
            sizes += pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    return sizes


def write_columns(path: str | os.PathLike[str], columns: Mapping[str, Any], *, kind: Kind, header: Header) -> None:
    """Write a table whose columns are whole arrays."""
    schema = kind.columns.with_metadata({METADATA_KEY: _encode_header(kind, header)})
    with storage.atomic(path) as temporary:
        pq.write_table(pa.table(dict(columns), schema=schema), temporary, compression="zstd")


def read(path: str | os.PathLike[str], kind: Kind) -> Table:
    """Read a whole table of the given kind.

    Raises
    ------
    ArtifactError
        If the file is cut short, is no table of ours, or is of another kind or schema.
    """
    with opened(path, kind) as file:
        header = decode_header(file, path, kind)
        try:
            rows = file.read(kind.columns.names).select(kind.columns.names).cast(kind.columns)
        except (pa.ArrowException, OSError) as error:
            raise damaged(path, error) from error
    return Table(header=header, rows=rows, path=Path(path), sha256=storage.digest(path))


def read_header(path: str | os.PathLike[str], kind: Kind) -> Header:
    """Read what a table of the given kind says about itself, without its rows."""
    with opened(path, kind) as file:
        return decode_header(file, path, kind)


def stream(path: str | os.PathLike[str], kind: Kind) -> Iterator[dict[str, Any]]:
    """Give the rows of a table of the given kind one by one, in bounded memory."""
    for batch in batches(path, kind):
        yield from batch.to_pylist()


def batches(path: str | os.PathLike[str], kind: Kind) -> Iterator[pa.RecordBatch]:
    """Give the rows of a table of the given kind in record batches, in bounded memory."""
    with opened(path, kind) as file:
        decode_header(file, path, kind)
        try:
            for batch in file.iter_batches(batch_size=1024, columns=kind.columns.names):
                yield batch.select(kind.columns.names).cast(kind.columns)
        except (pa.ArrowException, OSError) as error:
            raise damaged(path, error) from error


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """Name the kind of table in a file; None if the file is no table of ours."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        kind = json.loads(metadata[METADATA_KEY])["kind"]
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        return None
    return str(kind)


def opened(path: str | os.PathLike[str], kind: Kind | None = None) -> pq.ParquetFile:
    """Open a Parquet file for reading in bounded memory; `kind` is what messages expect it to be."""
    strangers.refuse(path, kind.name if kind else None)
    try:
        # Without these pyarrow holds the whole file at once, and a stream would not be bounded.
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error


def _units(value: object) -> int:
    """Count the letters and list items of a value; what lies in a list of one kind is looked into if the first is."""
    if isinstance(value, dict):
        return sum([_units(part) for part in value.values() if part is not None and type(part) is not int])
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict | list | tuple | str):
        return len(value) + sum(map(_units, value))
    return len(value) if hasattr(value, "__len__") else 0


def damaged(path: str | os.PathLike[str], error: Exception) -> ArtifactError:
    """Say of a file that cannot be read to its end that it is not whole."""
    reason = str(error).splitlines()[0].rstrip(".")
    return ArtifactError(
        f"not a whole Parquet file ({reason})", path=path, hint="making it again: it may have been cut short"
    )


def _encode_header(kind: Kind, header: Header) -> bytes:
    value = {
        "kind": kind.name,
        "schema": kind.schema,
        "tool": header.tool,
        "inputs": dict(header.inputs),
        "settings": dict(header.settings),
    }
    return storage.dump_json(value, indent=None).encode()


def decode_header(file: pq.ParquetFile, path: str | os.PathLike[str], kind: Kind) -> Header:
    """Read what an open table says about itself, and refuse one of another kind or schema."""
    metadata = file.schema_arrow.metadata or {}
    if METADATA_KEY not in metadata:
        raise ArtifactError("a Parquet file, but not one of provtool's", path=path, expected=f"a {kind.name}")
    try:
        value = json.loads(metadata[METADATA_KEY])
        header = Header(inputs=dict(value["inputs"]), settings=dict(value["settings"]), tool=value["tool"])
        named = value["kind"], value["schema"]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"its header is damaged ({error})", path=path, expected=f"a {kind.name}") from error
    if named[0] != kind.name:
        raise ArtifactError(
            f"this is {strangers.named(named[0])}",
            path=path,
            expected=f"{strangers.named(kind.name)} (one row is {kind.row})",
        )
    if named[1] != kind.schema:
        raise ArtifactError(
            f"{kind.name} of schema {named[1]}",
            path=path,
            expected=f"schema {kind.schema}",
            hint="the version of provtool that wrote it",
        )
    missing = [name for name in kind.columns.names if name not in file.schema_arrow.names]
    if missing:
        raise ArtifactError(f"a {kind.name} without column {missing[0]!r}", path=path)
    return header
