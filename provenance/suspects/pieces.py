"""Which tokens go into a batch together, and which of them are scored?

Records are cut to their window, long ones into pieces that fit the model's context, and pieces of like length share a
batch. Nothing here knows of a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from provenance.records import ends_from
from provenance.suspects import beginnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.records import Window

PADDING = 1 / 32
"""Share of a batch that may be padding."""

LEAST = 2
"""Tokens in the shortest window that predicts anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of ids that fits the context, and which of its positions are scored."""

    record: int
    ids: tuple[int, ...]
    first: int
    """First scored position within `ids`, at least 1: nothing predicts position 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A record as this model reads it: ids, which of them are scored, and where each ends in the scored text."""

    ids: tuple[int, ...]
    start: int
    stop: int
    ends: tuple[int, ...] | None


def clip(item: Encoded, window: Window | None) -> Encoded:
    """Keep the scored positions inside the window; the first token of all is never scored, nothing predicts it."""
    low = max(1, item.start, window.start if window else 0)
    high = min(item.stop, window.start + window.length) if window else item.stop
    low, high = (low, high) if low < high else (item.stop, item.stop)
    ends = ends_from(item.ends, low - item.start, high - item.start) if item.ends is not None else None
    return Encoded(ids=item.ids[:high] if low < high else (), start=low, stop=high, ends=ends)


def overlap(context: int) -> int:
    """Say how many tokens are read again before those that a later window of a long text scores."""
    return context // 2


def cut(row: int, item: Encoded, context: int) -> Iterator[Piece]:
    """Cut ids longer than the context into windows that overlap."""
    scored = item.start
    while scored < item.stop:
        low = 0 if item.stop <= context else max(0, scored - overlap(context))
        high = min(item.stop, low + context)
        yield Piece(record=row, ids=item.ids[low:high], first=scored - low)
        scored = high


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Pieces that are read together."""

    rows: tuple[int, ...]
    shared: int = 0
    """How many tokens all of them begin with alike, which are read once."""

    def halves(self) -> tuple[Batch, Batch]:
        """Give the same pieces as two batches."""
        middle = len(self.rows) // 2
        return replace(self, rows=self.rows[:middle]), replace(self, rows=self.rows[middle:])


def batches(
    pieces: Sequence[Piece], budget: int, *, most: int | None = None, sharing: int = 0, turn: int | None = None
) -> Iterator[Batch]:
    """Group pieces of like length: padded width times rows within the budget, next to nothing of it padding.

    Parameters
    ----------
    most
        Less than the budget for batches that share nothing, all of whose tokens are read.
    sharing
        Put pieces of up to so many tokens that begin alike together, where that pays.
    turn
        Never put pieces of up to so many tokens with longer ones.
    """
    grouped = beginnings.groups([piece.ids if len(piece.ids) <= sharing else () for piece in pieces]) if pieces else []
    apart = set(range(len(pieces))).difference(*(rows for _, rows in grouped))
    beyond = {row for row in apart if turn is not None and len(pieces[row].ids) > turn}
    for shared, rows in ((0, sorted(beyond)), (0, sorted(apart - beyond)), *grouped):
        bound = budget if shared else min(budget, most or budget)
        yield from (Batch(rows=part, shared=shared) for part in _filled(pieces, rows, bound))


def _filled(pieces: Sequence[Piece], rows: Sequence[int], budget: int) -> Iterator[tuple[int, ...]]:
    longest_first = sorted(rows, key=lambda index: (-len(pieces[index].ids), index))
    batch, tokens = list[int](), 0
    for index in longest_first:
        size = len(pieces[index].ids)
        padded = len(pieces[batch[0]].ids) * (len(batch) + 1) if batch else size
        if batch and (padded > budget or padded - tokens - size > padded * PADDING):
            yield tuple(batch)
            batch, tokens = [], 0
        batch.append(index)
        tokens += size
    if batch:
        yield tuple(batch)
