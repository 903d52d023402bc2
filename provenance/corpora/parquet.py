"""How is a Parquet file read as documents, and written again with the same schema, metadata and row groups?

Reading streams small batches. Writing holds one row group at a time, because a row group can only be written whole.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from provenance.corpora import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from provenance.corpora.files import Corpus, File
    from provenance.corpora.splice import Passage

BATCH = 1024
BUFFER = 1 << 20
ARROW_SCHEMA = b"ARROW:schema"
CODECS = {"UNCOMPRESSED": "NONE"}
"""Codecs that are called otherwise when written than when read."""


def pieces(file: File, corpus: Corpus) -> Iterator[Passage]:
    """Give every row as a document."""
    first = 1
    with _opened(file.path) as source:
        names = columns.needed(source.schema_arrow, corpus, file.path)
        for batch in _guarded(file.path, source.iter_batches(BATCH, columns=names, use_threads=False)):
            yield from columns.passages(pa.Table.from_batches([batch]), corpus, file.path, first=first)
            first += batch.num_rows


def rewrite(file: File, corpus: Corpus, *, respell: Callable[[Passage], str], target: Path) -> None:
    """Write the file again with every text passed through `respell`."""
    first = 1
    with _opened(file.path) as source, pq.ParquetWriter(target, source.schema_arrow, **_settings(source)) as writer:
        groups = (source.read_row_group(index, use_threads=False) for index in range(source.num_row_groups))
        for group in _guarded(file.path, groups):
            table, _ = columns.edited(group, corpus, file.path, first=first, respell=respell)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            first += table.num_rows


def _settings(source: pq.ParquetFile) -> dict[str, Any]:
    meta = source.metadata
    chunks = [meta.row_group(0).column(index) for index in range(meta.num_columns)] if meta.num_row_groups else []
    return {
        "version": meta.format_version,
        "compression": {chunk.path_in_schema: CODECS.get(chunk.compression, chunk.compression) for chunk in chunks}
        or "snappy",
        # A file made by another tool has no Arrow schema in its metadata, and gets none.
        "store_schema": ARROW_SCHEMA in (meta.metadata or {}),
        "use_deprecated_int96_timestamps": any(chunk.physical_type == "INT96" for chunk in chunks),
        "use_compliant_nested_type": not any(".list.item" in chunk.path_in_schema for chunk in chunks),
    }


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        # pyarrow's default, to buffer all that will be read, holds the whole file by the end.
        source = pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
    except (pa.ArrowException, OSError) as error:
        raise columns.damaged(path, error, what="Parquet") from error
    with source:
        yield source


def _guarded(path: Path, tables: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from tables
    except (pa.ArrowException, OSError) as error:
        raise columns.damaged(path, error, what="Parquet") from error
