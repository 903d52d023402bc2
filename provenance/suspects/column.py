"""How likely is each text according to numbers that somebody else computed?

``column:FILE:NAME`` reads log-likelihoods from a column: a sum over the window, or a list with one number a token.
``-NAME`` negates, for files that hold losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from provenance import artifacts
from provenance.errors import InputError
from provenance.records import Score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window

Key = tuple[str, int, str, str | None]
READERS = {
    ".parquet": pyarrow.parquet.read_table,
    ".csv": pyarrow.csv.read_csv,
    ".jsonl": pyarrow.json.read_json,
    ".ndjson": pyarrow.json.read_json,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Log-likelihoods by id, variant, view and set."""

    path: str
    values: Mapping[Key, Any]
    sign: int
    joined: frozenset[str]
    """Which of variant, view and set the file has; the others are not looked at."""
    identity: Mapping[str, Any]
    tokenizer: Tokenizer | None = None

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`; the window is the caller's word for what the column covers."""
        keys = [self._key(record) for record in records]
        missing = [record.id for record, key in zip(records, keys, strict=True) if key not in self.values]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(records)} records have no row: {', '.join(missing[:3])}"
                + (", …" if len(missing) > 3 else ""),  # noqa: PLR2004 (the three just named)
                path=self.path,
                expected="a row for every record",
            )
        for done, (record, key) in enumerate(zip(records, keys, strict=True), start=1):
            yield self._score(record, self.values[key], start=window.start if window else 0)
            progress(done, len(records))

    def _key(self, record: Record) -> Key:
        return (
            record.id,
            record.variant if "variant" in self.joined else 0,
            record.view if "view" in self.joined else "text",
            record.set if "set" in self.joined else None,
        )

    def _score(self, record: Record, value: Any, *, start: int) -> Score:
        numbers = self.sign * np.atleast_1d(np.asarray(value, dtype=np.float64))
        return Score(
            id=record.id,
            set=record.set,
            variant=record.variant,
            view=record.view,
            start=start,
            logprob=numbers.astype(np.float32),
        )


def load(name: str) -> Column:
    """Read ``FILE:NAME`` or ``FILE:-NAME``.

    Raises
    ------
    InputError
        If the file cannot be read, lacks ``id`` or NAME, or names a row twice.
    """
    path, _, column = name.rpartition(":")
    if not path or not column:
        raise InputError(f"column:{name}", expected="column:FILE:NAME, such as column:scores.parquet:loglik")
    table = _read(path)
    wanted = column.removeprefix("-")
    for needed in ("id", wanted):
        if needed not in table.column_names:
            raise InputError(f"no column {needed!r}", path=path, expected=f"one of {', '.join(table.column_names)}")
    _check_numeric(table.schema.field(wanted).type, column=wanted, path=path)
    joined = frozenset({"variant", "view", "set"} & set(table.column_names))
    values = _by_key(table, wanted, joined, path)
    identity = {"suspect": f"column:{name}", "kind": "column", "weights": artifacts.digest(path), "backend": "column"}
    return Column(path=path, values=values, sign=-1 if column != wanted else 1, joined=joined, identity=identity)


def _read(path: str) -> pa.Table:
    reader = READERS.get(Path(path).suffix)
    if reader is None:
        raise InputError("unknown kind of file", path=path, expected=f"a name in {', '.join(READERS)}")
    if not Path(path).is_file():
        raise InputError("no such file", path=path)
    try:
        return reader(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read ({str(error).splitlines()[0]})", path=path) from error


def _check_numeric(kind: pa.DataType, *, column: str, path: str) -> None:
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    if not (pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_null(inner)):
        raise InputError(
            f"column {column!r} holds no numbers but {kind}", path=path, expected="numbers or lists of them"
        )


def _by_key(table: pa.Table, name: str, joined: frozenset[str], path: str) -> dict[Key, Any]:
    values: dict[Key, Any] = {}
    for line, row in enumerate(table.select(["id", name, *sorted(joined)]).to_pylist(), start=1):
        key = (str(row["id"]), int(row.get("variant", 0)), str(row.get("view", "text")), row.get("set"))
        if key in values:
            raise InputError(f"id {key[0]!r} stands twice", path=path, line=line, expected="one row a record")
        if row[name] is None:
            raise InputError(f"{name} of id {key[0]!r} is null", path=path, line=line, expected="a number or a list")
        values[key] = row[name]
    return values
