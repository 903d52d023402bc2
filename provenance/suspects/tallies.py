"""How often does each n-gram stand in a text of any length, in memory that does not grow with it?

Counts of one part of a text after the other are merged. Where there are more different n-grams than may be held, those
seen least are dropped, single tokens never; the counts of what follows a context are then those of what was kept, so
that probabilities still add up to one. Until then nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1 << 24
"""Different n-grams that are held: 16.8 million take about a gigabyte while they are counted, half of it later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """N-grams by their hash, in ascending order."""

    grams: NDArray[np.uint64]
    contexts: NDArray[np.uint64]
    """Hash of what each follows; 0 for single units, which follow nothing."""
    counts: NDArray[np.int64]
    dropped: int = 0
    """N-grams seen so often or less were dropped at some time."""


EMPTY = Tally(
    grams=np.empty(0, dtype=np.uint64), contexts=np.empty(0, dtype=np.uint64), counts=np.empty(0, dtype=np.int64)
)


def added(tally: Tally, occurrences: tuple[NDArray[np.uint64], NDArray[np.uint64]], *, most: int) -> Tally:
    """Count some more n-grams, given as often as they occur with what they follow."""
    grams, contexts = occurrences
    names, first, counts = np.unique(grams, return_index=True, return_counts=True)
    more = Tally(grams=names, contexts=contexts[first], counts=counts.astype(np.int64), dropped=tally.dropped)
    return _pruned(_merged(tally, more), most=most)


def table(tally: Tally) -> list[NDArray[Any]]:
    """Give every n-gram's hash, count, followers and types of followers, sorted by hash."""
    contexts, inverse = np.unique(tally.contexts, return_inverse=True)
    names = np.union1d(tally.grams, contexts)
    places = np.searchsorted(names, contexts)
    counts, followers, types = (np.zeros(len(names), dtype=np.int64) for _ in range(3))
    counts[np.searchsorted(names, tally.grams)] = tally.counts
    followers[places] = np.bincount(inverse, weights=tally.counts)
    types[places] = np.bincount(inverse)
    return [names, counts, followers, types]


def _merged(one: Tally, other: Tally) -> Tally:
    if not len(one.grams):
        return other
    grams = np.concatenate([one.grams, other.grams])
    order = np.argsort(grams, kind="stable")  # two sorted runs: one walk through both
    grams = grams[order]
    first = np.flatnonzero(np.r_[True, grams[1:] != grams[:-1]])
    counts = np.add.reduceat(np.concatenate([one.counts, other.counts])[order], first)
    contexts = np.concatenate([one.contexts, other.contexts])[order[first]]
    return Tally(grams=grams[first], contexts=contexts, counts=counts, dropped=one.dropped)


def _pruned(tally: Tally, *, most: int) -> Tally:
    """Drop the rarest n-grams of several units until three quarters of what may be held are left at most."""
    if len(tally.grams) <= most:
        return tally
    single, seen = tally.contexts == 0, 0
    kept = single
    while True:
        seen += 1
        kept = single | (tally.counts > seen)
        if np.count_nonzero(kept) <= most * 3 // 4 or kept.sum() == single.sum():
            break
    return Tally(
        grams=tally.grams[kept],
        contexts=tally.contexts[kept],
        counts=tally.counts[kept],
        dropped=max(tally.dropped, seen),
    )
