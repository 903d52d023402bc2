"""How likely is each text according to numbers that somebody else computed?

``column:FILE:NAME`` reads log-likelihoods from a column: a sum over the window, or a list with one number a token.
``-NAME`` negates, for files that hold losses. Rows are found by ``id``; a table that has ``index`` in its place, as the
published ones do, by the names under which its rows are imported (`provenance.transcripts.samples`).

A list as long as the window holds the window. One as long as the row, or one shorter because nothing predicts the first
token, holds the row, and the window is cut out of it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from provenance import storage
from provenance.errors import InputError
from provenance.records import Score
from provenance.transcripts import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window

Key = tuple[str, int, str, str | None]
SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")
TEXT = {name: pa.string() for name in ("id", "view", "set")}
"""Columns that a CSV must not read as numbers or dates: 007 is no 7."""


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
        """See `provenance.suspects.Suspect.score`; the window is the caller's word for what sums and lists cover.

        Raises
        ------
        InputError
            If a record has no row, two texts would share one, or a list fits neither window nor tokens.
        """
        keys = [self._key(record) for record in records]
        missing = [record.id for record, key in zip(records, keys, strict=True) if key not in self.values]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(records)} records have no row: {', '.join(missing[:3])}"
                + (", …" if len(missing) > 3 else ""),  # noqa: PLR2004 (the three just named)
                path=self.path,
                expected="a row for every record",
            )
        self._check_apart(records, keys)
        for done, (record, key) in enumerate(zip(records, keys, strict=True), start=1):
            yield self._score(record, self.values[key], window)
            progress(done, len(records))

    def _check_apart(self, records: Sequence[Record], keys: Sequence[Key]) -> None:
        """Refuse to give one number to two texts: all variants would look alike, and a mark would seem absent."""
        first: dict[Key, Record] = {}
        for record, key in zip(records, keys, strict=True):
            other = first.setdefault(key, record)
            for name in ("variant", "view", "set"):
                if getattr(record, name) != getattr(other, name):
                    raise InputError(
                        f"id {record.id!r} is asked with {name} {getattr(other, name)!r} and {getattr(record, name)!r}",
                        path=self.path,
                        expected=f"a column {name!r}",
                    )

    def _key(self, record: Record) -> Key:
        return (
            record.id,
            record.variant if "variant" in self.joined else 0,
            record.view if "view" in self.joined else "text",
            record.set if "set" in self.joined else None,
        )

    def _score(self, record: Record, value: Any, window: Window | None) -> Score:
        first, numbers = window.start if window else 0, [value]
        if isinstance(value, list):
            first, numbers = self._cut(record, value, window)
        return Score(
            id=record.id,
            set=record.set,
            variant=record.variant,
            view=record.view,
            start=first,
            logprob=(self.sign * np.asarray(numbers, dtype=np.float64)).astype(np.float32),
        )

    def _cut(self, record: Record, numbers: list[Any], window: Window | None) -> tuple[int, list[Any]]:
        """Give the numbers of the window, and the token that the first of them is about."""
        lead = 1 if numbers[:1] == [None] else 0  # a place kept for the first token of the row, which nothing predicts
        tokens = None if record.tokens is None else len(record.tokens)
        if window is None:
            return lead or (1 if tokens == len(numbers) + 1 else 0), numbers[lead:]
        end = window.start + window.length
        if tokens is None or (len(numbers) == window.length and end <= tokens):
            return window.start + lead, numbers[lead:]
        offset = tokens - len(numbers)
        if offset in {0, 1}:
            low = max(lead, offset, window.start)
            return low, numbers[low - offset : end - offset] if end <= tokens else []
        if tokens < end:
            return window.start, []
        raise InputError(
            f"{len(numbers)} numbers for {record.id!r}, a row of {tokens} tokens",
            path=self.path,
            expected=f"{window.length} (window {window}), {tokens - 1} or {tokens}",
        )


def load(name: str) -> Column:
    """Read ``FILE:NAME`` or ``FILE:-NAME``.

    Raises
    ------
    InputError
        If the file cannot be read, lacks ``id`` or NAME, names a row twice, or holds anything but finite numbers.
    """
    path, _, column = name.rpartition(":")
    wanted = column.removeprefix("-")
    if not path or not wanted:
        raise InputError(f"column:{name}", expected="column:FILE:NAME, such as column:scores.parquet:loglik")
    rows = _read(path)
    columns = tuple(dict.fromkeys(key for _, row in rows for key in row))
    for needed in ("index" if "index" in columns and "id" not in columns else "id", wanted):
        if needed not in columns:
            near = difflib.get_close_matches(needed, columns, n=1)
            raise InputError(
                f"no column {needed!r}",
                path=path,
                expected=f"one of {', '.join(columns)}",
                hint=f"column:{path}:{near[0]}" if near and needed == wanted else None,
            )
    joined = frozenset({"variant", "view", "set"} & set(columns))
    identity = {"suspect": f"column:{name}", "kind": "column", "weights": _weights(path, wanted), "backend": "column"}
    return Column(
        path=path,
        values=_by_key(rows, wanted, path),
        sign=-1 if column != wanted else 1,
        joined=joined,
        identity=identity,
    )


def _weights(path: str, column: str) -> str:
    """Digest the file and the column: two columns of one file are two models."""
    return hashlib.sha256(f"{storage.digest(path)}\x00{column}".encode()).hexdigest()


def _read(path: str) -> list[tuple[int, dict[str, Any]]]:
    """Give every row with its line, or its number in a Parquet file."""
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise InputError("unknown kind of file", path=path, expected=f"a name in {', '.join(SUFFIXES)}")
    if not Path(path).is_file():
        raise InputError("no such file", path=path)
    try:
        if suffix == ".csv":
            how = pyarrow.csv.ConvertOptions(column_types=TEXT)
            return list(enumerate(pyarrow.csv.read_csv(path, convert_options=how).to_pylist(), start=2))
        if suffix == ".parquet":
            return list(enumerate(pyarrow.parquet.read_table(path).to_pylist(), start=1))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot be read ({str(error).splitlines()[0]})", path=path) from error
    return _read_lines(path)


def _read_lines(path: str) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    with Path(path).open("rb") as stream:
        for line, text in enumerate(stream, start=1):
            try:
                row = json.loads(text) if text.strip() else {}
            except ValueError as error:
                raise InputError(f"not JSON ({error})", path=path, line=line) from error
            if not isinstance(row, dict):
                raise InputError("not a JSON object", path=path, line=line, expected="one object a line")
            if row:
                rows.append((line, row))
    return rows


def _by_key(rows: Sequence[tuple[int, dict[str, Any]]], name: str, path: str) -> dict[Key, Any]:
    values: dict[Key, Any] = {}
    names = None if any("id" in row for _, row in rows) else samples.Names()
    for line, row in rows:
        named = row if names is None else {**row, "id": names.name(row, place=f"{path}:{line}")}
        key = _row_key(named, path=path, line=line)
        if key in values:
            raise InputError(f"id {key[0]!r} stands twice", path=path, line=line, expected="one row a record")
        value = row.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = samples.numbers(value, place=f"{path}:{line}")
        numbers: list[Any] = value if isinstance(value, list) else [value]
        numbers = numbers[1:] if len(numbers) > 1 and numbers[0] is None else numbers
        if not all(type(number) in {int, float} and math.isfinite(number) for number in numbers):
            found = "null" if value is None else f"{value!r:.40}"
            raise InputError(
                f"{name} of id {key[0]!r} is {found}",
                path=path,
                line=line,
                expected="a finite number, or a list of them",
            )
        if values and isinstance(value, list) != isinstance(next(iter(values.values())), list):
            raise InputError(f"{name} is a list in one row and a number in another", path=path, line=line)
        values[key] = value
    return values


def _row_key(row: Mapping[str, Any], *, path: str, line: int) -> Key:
    id_, variant = row.get("id"), row.get("variant", 0)
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise InputError(f"id is {id_!r:.40}", path=path, line=line, expected="text or a whole number")
    if not isinstance(variant, int) or isinstance(variant, bool):
        raise InputError(f"variant of id {id_!r} is {variant!r:.40}", path=path, line=line, expected="a whole number")
    return str(id_), variant, row.get("view") or "text", row.get("set")
