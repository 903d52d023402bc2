"""Which fields do the records of a corpus have, and of which type is each?

Parquet names them. In JSON lines every record may have others, so all are read; a field whose values are
of several types, or lists or objects, is of no type that could be named. In CSV everything is text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from provenance.corpora import delimited, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from provenance.corpora.files import Corpus, File

Type = Literal["text", "integer", "float", "boolean"]

MOST_FIELDS = 1000
"""Where keys are data, as in an index by word, there is no end to them."""
OF_JSON: dict[type, Type] = {str: "text", int: "integer", float: "float", bool: "boolean"}
OF_ARROW: tuple[tuple[Callable[[pa.DataType], bool], Type], ...] = (
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (pa.types.is_string_view, "text"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "float"),
    (pa.types.is_boolean, "boolean"),
)


def columns(files: Sequence[File], corpus: Corpus) -> dict[str, Type | None]:
    """Give every top-level field of some files of one format with its type, or None where that cannot be said.

    Plain text has no fields, and folders saved by `datasets` are not looked into. Files are taken to be readable, as
    those are that were just written.
    """
    found = dict[str, Type | None]()
    for file in files:
        for name, kind in _of_file(file, corpus).items():
            found[name] = _widest([found.get(name, kind), kind])
    return found


def _of_file(file: File, corpus: Corpus) -> Mapping[str, Type | None]:
    match file.format:
        case "jsonl":
            return _of_json(raw for _, raw in lines.lines(file))
        case "csv":
            return dict.fromkeys(delimited.header(file, corpus)[1], "text")
        case "parquet":
            return {field.name: _of_arrow(field.type) for field in pq.read_schema(file.path)}
        case "text" | "datasets":
            return {}


def _of_json(raw: Iterable[str]) -> dict[str, Type | None]:
    seen = dict[str, set[type]]()
    for record in _records(raw):
        for name, value in record.items():
            if name in seen or len(seen) < MOST_FIELDS:
                seen.setdefault(name, set()).update([type(value)] if value is not None else [])
    return {name: _widest([OF_JSON.get(kind) for kind in kinds]) for name, kinds in seen.items()}


def _records(raw: Iterable[str]) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in raw if line.strip(" \t\r\n" + lines.BOM))


def _widest(kinds: Sequence[Type | None]) -> Type | None:
    """Give the one type that all of them have; whole numbers among others are numbers."""
    different = set(kinds)
    if different == {"integer", "float"}:
        return "float"
    return next(iter(different)) if len(different) == 1 else None


def _of_arrow(kind: pa.DataType) -> Type | None:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return next((name for test, name in OF_ARROW if test(kind)), None)
