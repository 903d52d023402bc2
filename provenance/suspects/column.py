"""How likely is each text according to numbers that somebody else computed?

``column:FILE:NAME`` reads log-likelihoods from a column: a sum over the window, or a list with one number a token.
``-NAME`` negates, for files that hold losses. Rows are found by ``id``; a table that has ``index`` in its place, as the
published ones do, by the names under which its rows are imported (`provenance.transcripts.samples`).

A list as long as the window holds the window. One as long as the row, or one shorter because nothing predicts the first
token, holds the row, and the window is cut out of it.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import storage
from provenance.errors import InputError
from provenance.records import Score
from provenance.suspects import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects.values import Values

AT_ONCE = 8_192
"""Records whose numbers are looked up together."""
NAMED = 3
"""Records without a number that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Log-likelihoods by id, variant, view and set."""

    path: str
    values: Values
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
        rows = self._rows(records)
        done, each = 0, iter(records)
        while done < len(rows):
            some = rows[done : done + AT_ONCE]
            for record, numbers in zip(itertools.islice(each, len(some)), self.values.take(some), strict=True):
                done += 1
                yield self._score(record, numbers, window)
                progress(done, len(rows))

    def _rows(self, records: Sequence[Record]) -> NDArray[np.int64]:
        """Find the row of every record before the first is answered, 8 bytes a record."""
        found = [self.values.find(some) for some in _batches(records)]
        rows: NDArray[np.int64] = np.concatenate([*found, np.empty(0, dtype=np.int64)])
        if (rows < 0).any():
            missing = np.flatnonzero(rows < 0)
            named = [record.id for record in itertools.compress(records, (rows < 0).tolist())][:NAMED]
            raise InputError(
                f"{len(missing)} of {len(rows)} records have no row: {', '.join(named)}"
                + (", …" if len(missing) > NAMED else ""),
                path=self.path,
                expected="a row for every record",
            )
        self._check_apart(records, rows)
        return rows

    def _check_apart(self, records: Sequence[Record], rows: NDArray[np.int64]) -> None:
        """Refuse to give one number to two texts: all variants would look alike, and a mark would seem absent."""
        kinds = dict[tuple[int, str, str | None], int]()
        first = np.full(int(rows.max(initial=-1)) + 1, -1, dtype=np.int32)
        for record, row in zip(records, rows, strict=True):
            kind = kinds.setdefault((record.variant, record.view, record.set), len(kinds))
            if first[row] < 0:
                first[row] = kind
            elif first[row] != kind:
                raise self._shared(record, list(kinds)[first[row]])

    def _shared(self, record: Record, other: tuple[int, str, str | None]) -> InputError:
        told = zip(values.APART, other, (record.variant, record.view, record.set), strict=True)
        name, one, two = next(each for each in told if each[1] != each[2])
        return InputError(
            f"id {record.id!r} is asked with {name} {one!r} and {two!r}",
            path=self.path,
            expected=f"a column {name!r}",
        )

    def _score(self, record: Record, numbers: NDArray[np.float32], window: Window | None) -> Score:
        first = window.start if window else 0
        if self.values.sums is None:
            first, numbers = self._cut(record, numbers, window)
        return Score(
            id=record.id, set=record.set, variant=record.variant, view=record.view, start=first, logprob=numbers
        )

    def _cut(
        self, record: Record, numbers: NDArray[np.float32], window: Window | None
    ) -> tuple[int, NDArray[np.float32]]:
        """Give the numbers of the window, and the token that the first of them is about."""
        lead = int(np.isnan(numbers[:1]).sum())  # a place kept for the first token of the row, which nothing predicts
        tokens = None if record.tokens is None else len(record.tokens)
        if window is None:
            return lead or (1 if tokens == len(numbers) + 1 else 0), numbers[lead:]
        end = window.start + window.length
        if tokens is None or (len(numbers) == window.length and end <= tokens):
            return window.start + lead, numbers[lead:]
        offset = tokens - len(numbers)
        if offset in {0, 1}:
            low = max(lead, offset, window.start)
            return low, numbers[low - offset : end - offset] if end <= tokens else numbers[:0]
        if tokens < end:
            return window.start, numbers[:0]
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
        If `provenance.suspects.values.read` refuses the file.
    """
    path, _, column = name.rpartition(":")
    wanted = column.removeprefix("-")
    if not path or not wanted:
        raise InputError(f"column:{name}", expected="column:FILE:NAME, such as column:scores.parquet:loglik")
    found = values.read(path, wanted, sign=-1 if column != wanted else 1)
    identity = {"suspect": f"column:{name}", "kind": "column", "weights": _weights(path, wanted), "backend": "column"}
    return Column(path=path, values=found, identity=identity)


def _weights(path: str, column: str) -> str:
    """Digest the file and the column: two columns of one file are two models."""
    return hashlib.sha256(f"{storage.digest(path)}\x00{column}".encode()).hexdigest()


def _batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    each = iter(records)
    while some := list(itertools.islice(each, AT_ONCE)):
        yield some
