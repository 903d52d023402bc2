"""Which one number stands for a record's scores?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from provenance import lookup, scoring, windows
from provenance.errors import InputError, MismatchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from provenance.scoring import Scores


TOKENS, TEXT = "tokens", "text"
"""Rendering of answers about ids, and of those about text, by whoever was asked's own tokens."""
BY_TOKEN = frozenset({TOKENS, TEXT})
"""Renderings of which there is a log-probability a token; sums and agreements are numbers of whoever made them."""


def mean_logprob(scores: Scores) -> NDArray[np.float64]:
    """Mean log-probability of each record: a token where ids were scored, a character where text was, else the sum.

    Returns
    -------
    Nats, shape ``(n,)``, in the order of ``scores.rows``; NaN where nothing was scored.
    """
    parts = [_means(batch, scores.rendering) for batch in scoring.columns(scores, ["logprob", "ends"])]
    return np.concatenate([*parts, np.empty(0)])


def total_logprob(scores: Scores) -> NDArray[np.float64]:
    """Log-probability of each whole record, in nats, shape ``(n,)``; NaN where nothing was scored."""
    parts = [_totals(batch) for batch in scoring.columns(scores, ["logprob"])]
    return np.concatenate([*parts, np.empty(0)])


def extents(scores: Scores) -> NDArray[np.float64]:
    """Count what was scored of each record: tokens of whoever was asked, and characters, 0 where nobody told.

    Returns
    -------
    Shape ``(n, 2)``, in the order of ``scores.rows``.
    """
    parts = [
        np.column_stack([_lengths(batch.column("logprob")), _characters(batch)])
        for batch in scoring.columns(scores, ["logprob", "ends"])
    ]
    return np.concatenate([*parts, np.empty((0, 2))])


def _means(batch: pa.RecordBatch, rendering: str) -> NDArray[np.float64]:
    units = np.zeros(len(batch))
    if rendering == TOKENS:
        units = _lengths(batch.column("logprob")).astype(np.float64)
    elif rendering == TEXT:
        units = _characters(batch)
    mean: NDArray[np.float64] = _totals(batch) / np.maximum(units, 1)
    return mean


def _characters(batch: pa.RecordBatch) -> NDArray[np.float64]:
    """Say where the last token of each record ends, 0 where nobody told."""
    ends, characters = batch.column("ends"), np.zeros(len(batch))
    lengths, flat = _lengths(ends), ends.flatten().to_numpy(zero_copy_only=False)
    characters[lengths > 0] = flat[np.cumsum(lengths)[lengths > 0] - 1]
    return characters


def _totals(batch: pa.RecordBatch) -> NDArray[np.float64]:
    column = batch.column("logprob")
    lengths = _lengths(column)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    total = np.bincount(owner, weights=_flat(column), minlength=len(lengths)).astype(np.float64)
    total[lengths == 0] = np.nan
    return total


def _lengths(lists: pa.Array) -> NDArray[np.int64]:
    lengths: NDArray[np.int64] = (
        pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    return lengths


def _flat(lists: pa.Array) -> NDArray[np.float64]:
    """Give every log-probability, one record after the other."""
    flat: NDArray[np.float64] = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    return flat


def by_record(scores: Scores, values: Iterable[float]) -> dict[tuple[str | None, str, int], float]:
    """Name each row's number by (set, id, variant); other views of a text (lower case, neighbours) stay out.

    Raises
    ------
    MismatchError
        If a record was scored twice: which answer counts must not depend on the order of a file.
    """
    named = dict[tuple[str | None, str, int], float]()
    for row, value in zip(scores.rows, values, strict=True):
        if row.view != "text":
            continue
        if (row.set, row.id, row.variant) in named:
            raise _scored_twice(scores, row.id, row.variant)
        named[row.set, row.id, row.variant] = value
    return named


def of_texts(scores: Scores, names: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """Say where the answers to texts stand, by the digests of their ids (`provenance.lookup`): −1 where there are none.

    Only texts of no set and variant 0 are looked for; what was scored twice is refused as by `by_record`.
    """
    index = lookup.Index.of(lookup.digests(_named(scores)))
    if twice := index.again():
        again = next(itertools.islice(scores.rows, twice[0], None))
        raise _scored_twice(scores, again.id, again.variant)
    return index.find(names)


def name_of(id_: str) -> str:
    """Name a text of no set for `of_texts`."""
    return f"={id_}"


def _named(scores: Scores) -> Iterator[str]:
    """Name every answer: a text of no set by its id, what is no text by its place, so that it is nobody's double."""
    row = 0
    for batch in scoring.columns(scores, ["id", "set", "variant", "view"]):
        for id_, set_, variant, view in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if view != "text":
                yield f"({row}"
            else:
                yield name_of(id_) if (set_, variant) == (None, 0) else repr((set_, id_, variant))
            row += 1


def _scored_twice(scores: Scores, id_: str, variant: int) -> MismatchError:
    return MismatchError(
        f"{scores.suspect['suspect']} scored {id_!r}, variant {variant}, twice",
        expected="one score a record",
        hint="provtool score again",
    )


def check_windows(scores: Scores, references: Iterable[Scores]) -> None:
    """Refuse a reference that was asked about other tokens of the rows; of which tokens a number is, nobody knows.

    Raises
    ------
    MismatchError
        If both were asked token by token, in other windows.
    """
    for one in references:
        if {scores.rendering, one.rendering} <= BY_TOKEN and one.window != scores.window:
            raise MismatchError(
                f"{one.suspect['suspect']} was asked about {windows.said(one.window)}, "
                f"{scores.suspect['suspect']} about {windows.said(scores.window)}",
                expected="the same tokens of every row, from all",
                hint=f"provtool score TRANSCRIPT again, --window {scores.window}" if scores.window else None,
            )


def check_finite(scores: Scores) -> None:
    """Refuse log-probabilities that are no finite numbers.

    Raises
    ------
    InputError
        With the count and the first ids.
    """
    if not all(np.isfinite(_flat(batch.column(0))).all() for batch in scoring.columns(scores, ["logprob"])):
        refuse([row.id for row in scores.rows if not np.isfinite(row.logprob).all()], scores)


def refuse(bad: Sequence[str], scores: Scores) -> None:
    """Raise for ids whose log-probabilities are NaN or infinite, if there are any."""
    if bad:
        raise InputError(
            f"{len(bad)} records have NaN or infinite log-probabilities: {', '.join(bad[:3])}",
            path=str(scores.suspect["suspect"]),
            expected="finite natural logarithms",
        )
