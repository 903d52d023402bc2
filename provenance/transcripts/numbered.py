"""How does a run whose rows go by numbers become a transcript?

A row's id is its number, so that losses which somebody published for that number are found (`column:`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance.errors import InputError
from provenance.transcripts import examples, importing, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Rows that were taken of a run, and when each was consumed."""

    rows: NDArray[np.int64]
    """Row numbers, one for each time a row was consumed, sorted, shape ``(c,)``."""
    places: NDArray[np.int64]
    """How many rows the run had consumed before, shape ``(c,)``."""
    of: int
    """Rows that the run consumed, each time it did."""
    name: str
    """What messages call the run."""
    inputs: Mapping[str, str]
    """SHA-256 of the files that say which row was consumed when; the tokens taken stand in the transcript."""
    sample: importing.Sample | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How rows make steps."""

    rows_per_step: int
    sequence_length: int
    """Tokens of a row."""


def consumed(rows: int, shape: Shape, declared: importing.Declared) -> int:
    """Count the rows that the run consumed: all that there are, or those of the run that its owner declares."""
    if declared.run_length is None:
        return rows
    return min(rows, declared.run_length * (shape.rows_per_step if declared.position_unit == "step" else 1))


def write(
    taken: Taken,
    read: Callable[[int], NDArray[np.int64]],
    *,
    out: Path,
    declared: importing.Declared,
    shape: Shape,
    report: Callable[[int, int | None], None],
) -> importing.Summary:
    """Write the rows taken as a transcript; `read` gives the tokens of one.

    Raises
    ------
    InputError
        If positions are all equal, a row is not as long as all are said to be, or a token is no token.
    """
    shuffle = importing.parse_shuffle(declared.shuffle)
    if shuffle["kind"] == "within-stratum":
        raise InputError("a shuffle within strata, and these rows have none", path=taken.name, hint="--shuffle full")
    per = shape.rows_per_step if declared.position_unit == "step" else 1
    positions = taken.places // per
    if not len(positions) or positions.min() == positions.max():
        what = "positions all equal: an order needs at least two different positions"
        raise InputError(what, path=taken.name, hint="a smaller --rows-per-step, or a larger --sample")
    run_length = declared.run_length or -(-taken.of // per)
    rows, first = np.unique(taken.rows, return_index=True)
    groups = np.split(positions, first[1:])
    tables.write(
        out,
        _rows(zip(rows.tolist(), groups, strict=True), read, shape=shape, place=taken.name, report=report),
        tokenizer=declared.tokenizer,
        run_length=run_length,
        position_unit=declared.position_unit,
        shuffle=shuffle | importing.sampled(taken.sample),
        inputs=taken.inputs,
    )
    return importing.Summary(
        path=out,
        rows=len(rows),
        of=taken.of,
        epochs=max(map(len, groups)),
        run_length=run_length,
        shuffle=shuffle,
    )


def _rows(
    grouped: Iterator[tuple[int, NDArray[np.int64]]],
    read: Callable[[int], NDArray[np.int64]],
    *,
    shape: Shape,
    place: str,
    report: Callable[[int, int | None], None],
) -> Iterator[dict[str, Any]]:
    for done, (row, positions) in enumerate(grouped):
        tokens = read(row)
        if len(tokens) != shape.sequence_length:
            raise InputError(
                f"row {row} has {len(tokens)} tokens",
                path=place,
                expected=f"{shape.sequence_length}",
                hint=f"--sequence-length {len(tokens)}, if all rows have as many",
            )
        if tokens.min() < 0 or tokens.max() > examples.LARGEST_TOKEN:
            wrong = tokens[(tokens < 0) | (tokens > examples.LARGEST_TOKEN)][0]
            raise InputError(f"token {wrong} in row {row}", path=place, expected=f"0 to {examples.LARGEST_TOKEN}")
        yield {"id": str(row), "positions": positions, "tokens": tokens.astype(np.int32)}
        if done % importing.REPORT_EVERY == 0:
            report(done, None)
