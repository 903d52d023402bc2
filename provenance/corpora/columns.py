"""Which column of a table holds the text, and how are its values replaced without touching the rest?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from provenance.corpora import fields
from provenance.corpora.splice import Passage
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from provenance.corpora.files import Corpus


def needed(schema: pa.Schema, corpus: Corpus, path: Path) -> list[str]:
    """Name the top-level columns that reading takes, having checked that text and id can be had from them.

    Raises
    ------
    InputError
        If a field does not exist or the text is no string.
    """
    steps, kind = _find(schema, corpus.text_field, option="--text-field", place=str(path))
    if not _is_text(kind):
        raise InputError(f"field {corpus.text_field!r} is {kind}", path=path, expected="a string")
    id_steps = _id_steps(schema, corpus, path)
    flag = _opt_out_steps(schema, corpus, path)
    return list(dict.fromkeys([steps[0], *(id_steps[:1] if id_steps else []), *flag[:1]]))


def passages(table: pa.Table, corpus: Corpus, path: Path, *, first: int) -> Iterator[Passage]:
    """Give each row of a table as a document; `first` is the number of its first row in the file, from 1."""
    texts = _values(table, fields.steps(corpus.text_field, table.column_names), path)
    id_steps = _id_steps(table.schema, corpus, path)
    ids = _values(table, id_steps, path) if id_steps else [None] * len(texts)
    flag_steps = _opt_out_steps(table.schema, corpus, path)
    flags = _values(table, flag_steps, path) if flag_steps else [None] * len(texts)
    for row, (value, id_, flag) in enumerate(zip(texts, ids, flags, strict=True), first):
        place = f"{path}: row {row}"
        text = fields.text_of(value, name=corpus.text_field, place=place)
        name = fields.id_of(id_, asked=corpus.id_field, place=place)
        opted_out = fields.flag_of(flag, name=corpus.opt_out_field or "", place=place)
        yield Passage(text=text, id=name, place=place, raw=text, opted_out=opted_out)


def respelt(table: pa.Table, corpus: Corpus, texts: Sequence[str]) -> pa.Table:
    """Put other texts in the text column; its type, all other columns and the metadata stay."""
    steps = fields.steps(corpus.text_field, table.column_names)
    index = table.column_names.index(steps[0])
    column = _replaced(table.column(index), steps[1:], texts)
    return table.set_column(index, table.schema.field(index), column)


def edited(
    table: pa.Table, corpus: Corpus, path: Path, *, first: int, respell: Callable[[Passage], str]
) -> tuple[pa.Table, bool]:
    """Pass every document of a table through `respell`; say whether any of them came out different."""
    found = list(passages(table, corpus, path, first=first))
    texts = [respell(passage) for passage in found]
    if all(text == passage.text for text, passage in zip(texts, found, strict=True)):
        return table, False
    return respelt(table, corpus, texts), True


def damaged(path: Path, error: Exception, *, what: str) -> InputError:
    """Explain that a table could not be read."""
    reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
    return InputError(
        f"not a whole {what} file ({reason})", path=path, hint="making it again: it may have been cut short"
    )


def _find(schema: pa.Schema, name: str, *, option: str, place: str) -> tuple[tuple[str, ...], pa.DataType]:
    steps = fields.steps(name, schema.names)
    known, kind = {field.name: field.type for field in schema}, None
    for depth, step in enumerate(steps):
        if step not in known:
            shown = [".".join([*steps[:depth], other]) for other in known]
            raise fields.missing(name, shown, option=option, place=place)
        kind = known[step]
        known = {field.name: field.type for field in kind} if pa.types.is_struct(kind) else {}
    return steps, kind


def _id_steps(schema: pa.Schema, corpus: Corpus, path: Path) -> tuple[str, ...] | None:
    if corpus.id_field is None and fields.DEFAULT_ID not in schema.names:
        return None
    return _find(schema, corpus.id_field or fields.DEFAULT_ID, option=corpus.id_option, place=str(path))[0]


def _opt_out_steps(schema: pa.Schema, corpus: Corpus, path: Path) -> tuple[str, ...]:
    if corpus.opt_out_field is None:
        return ()
    return _find(schema, corpus.opt_out_field, option="--opt-out", place=str(path))[0]


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _values(table: pa.Table, steps: Sequence[str], path: Path) -> list[object]:
    column = table.column(steps[0])
    for step in steps[1:]:
        column = pc.struct_field(column, step)
    try:
        values: list[object] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise InputError(f"a value of {'.'.join(steps)!r} is not UTF-8", path=path, expected="UTF-8") from error
    return values


def _replaced(column: pa.ChunkedArray | pa.Array, steps: Sequence[str], texts: Sequence[str]) -> pa.Array:
    if not steps:
        return pa.array(texts, type=column.type)
    # Every text is a string, so no struct around one is null and none needs a mask.
    struct = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    parts = dict(zip([field.name for field in struct.type], struct.flatten(), strict=True))
    parts[steps[0]] = _replaced(parts[steps[0]], steps[1:], texts)
    return pa.StructArray.from_arrays(list(parts.values()), fields=list(struct.type))
