"""Which rows does a table hold that somebody else made, and on which line does each stand?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from provenance.corpora import files, lines
from provenance.errors import InputError
from provenance.transcripts import samples

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

Format = Literal["jsonl", "parquet", "csv"]
FORMATS = ("jsonl", "parquet", "pythia", "olmo", "sequence-samples")
"""What ``--format`` takes; a table of sequence samples is one of the `Format` files."""

TABLES = ("jsonl", "parquet", "sequence-samples")
BATCH = 1024
MAGIC: dict[bytes, files.Compression] = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table to be imported; it is read more than once."""

    path: Path
    format: Format
    name: str
    """What messages call it."""
    samples: bool = False
    """Whether its columns are those of the published tables (`samples`)."""


def open(path: str | os.PathLike[str], *, format: str | None = None, name: str | None = None) -> Source:  # noqa: A001, A002 (called as sources.open(…, format=…))
    """Find out how a table is to be read, without reading it.

    Raises
    ------
    InputError
        If there is no such file, or its name does not tell its format and `format` does not either.
    """
    if Path(path).is_dir():
        hint = "--format pythia or olmo for the data of a published run"
        raise InputError("a folder, and no table", path=path, hint=hint)
    if not Path(path).is_file():
        raise InputError("no such file", path=path)
    called = name or str(path)
    if format == "sequence-samples":
        return Source(path=Path(path), format=_layout(Path(path)), name=called, samples=True)
    known = _by_name(Path(path))
    for choice in get_args(Format):
        if choice == (format or known) and choice in TABLES:
            return Source(path=Path(path), format=choice, name=called)
    raise InputError("its name does not tell its format", path=path, hint=f"--format {'|'.join(FORMATS)}")


def rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give line (or row) number, from 1, and fields of every row.

    Raises
    ------
    InputError
        If the file is damaged, or a line is not one JSON object.
    """
    if not source.samples:
        yield from _rows(source, None)
        return
    names = samples.Names()
    for number, row in _rows(source, samples.FIELDS):
        yield number, samples.example(row, names, place=f"{source.name}:{number}")


def _rows(source: Source, columns: Sequence[str] | None) -> Iterator[tuple[int, dict[str, Any]]]:
    if source.format == "jsonl":
        return _json_rows(source)
    return _parquet_rows(source, columns) if source.format == "parquet" else _csv_rows(source)


def _by_name(path: Path) -> str | None:
    suffixes = [suffix for suffix in path.suffixes if suffix not in files.COMPRESSIONS]
    return files.FORMATS.get(suffixes[-1]) if suffixes else None


def _layout(path: Path) -> Format:
    """Tell how a published table is laid out: by its name, or where that says nothing by its first bytes."""
    layouts: tuple[Format, ...] = get_args(Format)
    for choice in layouts:
        if choice == _by_name(path):
            return choice
    with path.open("rb") as stream:
        return "parquet" if stream.read(len(PARQUET)) == PARQUET else "jsonl"


def _json_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    file = files.File(path=source.path, name=source.name, format="jsonl", compression=_compression(source.path))
    for number, line in lines.lines(file):
        if line.strip(" \t\r\n" + lines.BOM):
            yield number, _object(line, source, number)


def _object(line: str, source: Source, number: int) -> dict[str, Any]:
    expected = "one JSON object a line"
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"malformed JSON ({error.msg}, column {error.colno})"
        raise InputError(what, path=source.name, line=number, expected=expected) from error
    except (ValueError, RecursionError) as error:
        what = f"JSON beyond what can be read ({error})"
        raise InputError(what, path=source.name, line=number, expected=expected) from error
    if not isinstance(value, dict):
        raise InputError(f"this line is {type(value).__name__}", path=source.name, line=number, expected=expected)
    return value


def _parquet_rows(source: Source, columns: Sequence[str] | None) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with pq.ParquetFile(source.path) as file:
            wanted = columns and [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=BATCH, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        hint = "making it again: it may have been cut short"
        raise InputError(f"not a whole Parquet file ({reason})", path=source.name, hint=hint) from error


def _csv_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    text = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in ("id", "tokens", "text")})
    wide = pyarrow.csv.ReadOptions(block_size=1 << 24)
    number = 1
    try:
        for batch in pyarrow.csv.open_csv(source.path, convert_options=text, read_options=wide):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read as CSV ({str(error).splitlines()[0]})", path=source.name) from error


def _compression(path: Path) -> files.Compression | None:
    with path.open("rb") as stream:
        head = stream.read(4)
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
