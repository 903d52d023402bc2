"""Which rows does a table hold that somebody else made, and on which line does each stand?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from provenance.corpora import files, lines
from provenance.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

Format = Literal["jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
BATCH = 1024
MAGIC: dict[bytes, files.Compression] = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table to be imported; it is read more than once."""

    path: Path
    format: Format
    name: str
    """What messages call it."""


def open(path: str | os.PathLike[str], *, format: str | None = None, name: str | None = None) -> Source:  # noqa: A001, A002 (called as sources.open(…, format=…))
    """Find out how a table is to be read, without reading it.

    Raises
    ------
    InputError
        If there is no such file, or its name does not tell its format and `format` does not either.
    """
    if not Path(path).is_file():
        raise InputError("no such file", path=path)
    suffixes = [suffix for suffix in Path(path).suffixes if suffix not in files.COMPRESSIONS]
    known = files.FORMATS.get(suffixes[-1]) if suffixes else None
    for choice in FORMATS:
        if choice == (format or known):
            return Source(path=Path(path), format=choice, name=name or str(path))
    raise InputError("its name does not tell its format", path=path, hint=f"--format {'|'.join(FORMATS)}")


def rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give line (or row) number, from 1, and fields of every row.

    Raises
    ------
    InputError
        If the file is damaged, or a line is not one JSON object.
    """
    return _json_rows(source) if source.format == "jsonl" else _parquet_rows(source)


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


def _parquet_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with pq.ParquetFile(source.path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        hint = "making it again: it may have been cut short"
        raise InputError(f"not a whole Parquet file ({reason})", path=source.name, hint=hint) from error


def _compression(path: Path) -> files.Compression | None:
    with path.open("rb") as stream:
        head = stream.read(4)
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
