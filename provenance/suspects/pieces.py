"""Which tokens go into a batch together, and which of them are scored?

Records are cut to their window, long ones into pieces that fit the model's context, and pieces of like length share a
batch. Nothing here knows of a model.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.records import ends_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenance.records import Window


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


def cut(row: int, item: Encoded, context: int) -> Iterator[Piece]:
    """Cut ids longer than the context into windows that overlap by half of it."""
    scored = item.start
    while scored < item.stop:
        low = 0 if item.stop <= context else max(0, scored - context // 2)
        high = min(item.stop, low + context)
        yield Piece(record=row, ids=item.ids[low:high], first=scored - low)
        scored = high


def batches(pieces: Sequence[Piece], budget: int) -> Iterator[list[int]]:
    """Group pieces of like length so that padded width times rows stays within the budget."""
    longest_first = sorted(range(len(pieces)), key=lambda index: (-len(pieces[index].ids), index))
    for width, group in itertools.groupby(longest_first, key=lambda index: -(-len(pieces[index].ids) // 16)):
        members, rows = list(group), max(1, budget // (width * 16))
        yield from (members[first : first + rows] for first in range(0, len(members), rows))
