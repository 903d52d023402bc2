"""Which n-grams of a text does a transcript hold, and in which rows?

::

    listed = watchlist.build(texts, max_ngram=8)
    found = watchlist.scan(listed, batches, limit=100)
    chi = watchlist.overlap(listed, found).chi

The transcript passes once and is never held. Memory is in the size of the text, whatever the transcript's, and in the
hits, of which an n-gram has at most `limit`. What is common is left out by that stated limit, never by a time-out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from provenance.audits.overlap import compiled
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Weight = Literal["relative", "longest"]
SLOTS_PER_GRAM = 2
"""Room in the tables: half of the slots stay empty, so that a search ends soon."""
FIRST_ROOM = 1 << 16
"""Hits for which there is room at first."""
LARGEST = 2**31 - 2
"""Slots and rows are numbered by 32-bit integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """All n-grams of texts up to a length."""

    tables: compiled.Tables
    grams: NDArray[np.int32]
    """Slot of the n-gram of length k + 1 that begins at each position, shape ``(positions, max_ngram)``; −1 where the
    text ends before it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows of a transcript."""

    tokens: NDArray[np.int32]
    edges: NDArray[np.int64]
    """Row r has ``tokens[edges[r]:edges[r + 1]]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a scan of a transcript saw."""

    marks: compiled.Marks
    hits: compiled.Hits
    rows: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How much of the texts each row of the transcript holds."""

    chi: NDArray[np.float64]
    """Sum of the weights of the n-grams that a row holds, shape ``(rows,)``."""
    longest: NDArray[np.int64]
    """Length of the longest n-gram that begins at each position and that some row holds, shape ``(positions,)``."""
    frequencies: NDArray[np.int64]
    """In how many rows each of the n-grams that count is, sorted."""
    common: int
    """N-grams left out because more rows hold them than the limit allows."""


def build(texts: Sequence[NDArray[np.int32]], *, max_ngram: int) -> Watchlist:
    """List the n-grams of texts; none reaches from one text into the next, and negative ids are in none.

    Parameters
    ----------
    texts
        Token ids of each.
    max_ngram
        The greatest length.

    Raises
    ------
    InputError
        If there are more n-grams than can be numbered.
    """
    if max_ngram < 1:
        raise ValueError(f"n-grams up to {max_ngram}")
    tokens, lengths = np.concatenate([np.empty(0, dtype=np.int32), *texts]), [len(text) for text in texts]
    if SLOTS_PER_GRAM * (len(tokens) + 1) * max_ngram > LARGEST:
        raise InputError(f"{len(tokens):,} tokens of text are too many at once", hint="a part of the texts")
    ranks, single = _ranked(tokens)
    ends = np.repeat(np.cumsum(lengths, dtype=np.int64), lengths)
    singles = int(single.max(initial=0)) + 1
    grams, keys, sieves = [single], [np.full(singles, compiled.EMPTY)], [np.zeros(singles * compiled.BITS, np.uint8)]
    starts = [0, singles]
    for n in range(2, max_ngram + 1):
        at = np.flatnonzero((grams[-1][:-1] >= 0) & (grams[-1][1:] >= 0))
        at = at[at + n <= ends[at]]
        slots, table, sieve = _table((grams[-1][at].astype(np.int64) << 32) | single[at + n - 1])
        grams.append(np.full(len(tokens), -1, dtype=np.int32))
        grams[-1][at] = slots + starts[-1]
        keys.append(table)
        sieves.append(sieve)
        starts.append(starts[-1] + len(table))
    tables = compiled.Tables(
        ranks=ranks,
        keys=np.concatenate(keys),
        starts=np.array(starts, dtype=np.int64),
        sieve=np.packbits(np.concatenate(sieves), bitorder="little"),
    )
    return Watchlist(tables=tables, grams=np.stack(grams, axis=1))


def scan(listed: Watchlist, batches: Iterable[Batch], *, limit: int) -> Found:
    """Let a transcript pass by, and note which rows hold which of the listed n-grams.

    Parameters
    ----------
    batches
        Rows, in any order: the outcome does not depend on it.
    limit
        The greatest document frequency that counts.
    """
    slots = len(listed.tables.keys)
    marks = compiled.Marks(
        last=np.full(slots, compiled.UNSEEN, dtype=np.int32),
        rows=np.zeros(slots, dtype=np.int32),
        common=np.zeros(slots // 8 + 1, dtype=np.uint8),
    )
    hits, used, rows = _room(FIRST_ROOM), 0, 0
    for batch in batches:
        hits, used = _with_room(hits, used, marks, more=len(batch.tokens))
        used = compiled.scan(batch.tokens, batch.edges, rows, listed.tables, marks, hits, used, limit)
        rows += len(batch.edges) - 1
        if rows > LARGEST:
            raise InputError(f"{rows:,} rows are too many at once", hint="a sample of the transcript")
    kept = compiled.Hits(rows=hits.rows[:used], slots=hits.slots[:used])
    return Found(marks=marks, hits=kept, rows=rows, limit=limit)


def overlap(listed: Watchlist, found: Found, *, weight: Weight = "relative") -> Overlap:
    """Weigh what was found; each distinct n-gram counts once a row.

    Parameters
    ----------
    weight
        ``relative``: every n-gram of 2 tokens and more, by the times that the texts have it over one more than the
        number of rows that hold it. ``longest``: at each position of the texts the longest one that some row holds, by
        one over the number of rows that hold it (arXiv 2510.19796).
    """
    grams, starts = listed.grams, listed.tables.starts
    seen, common = found.marks.last != compiled.UNSEEN, found.marks.last == compiled.COMMON
    for marked in (seen, common):
        _spread(marked, grams)
    longest = (seen[grams] & (grams >= 0)).sum(axis=1)
    listing, times = _longest(seen, grams, longest) if weight == "longest" else _repeated(seen, grams, starts)
    places = np.zeros(len(seen), dtype=np.int32)
    for column in grams.T:
        places[column[column >= 0]] = np.flatnonzero(column >= 0)
    where = compiled.Places(first=places, starts=starts, grams=grams)
    frequency, chi = np.zeros(len(seen), dtype=np.int64), np.zeros(found.rows)
    compiled.spread(found.hits, where, (listing & ~common).astype(np.float64), frequency, np.zeros(found.rows))
    counts = (frequency > 0) & (frequency <= found.limit)
    beside = 0 if weight == "longest" else 1
    weights = np.where(counts, times / np.maximum(frequency + beside, 1), 0.0)
    compiled.spread(found.hits, where, weights, np.zeros_like(frequency), chi)
    counted = frequency[counts]
    return Overlap(chi=chi, longest=longest, frequencies=np.sort(counted), common=int(listing.sum()) - len(counted))


def _longest(
    seen: NDArray[np.bool_], grams: NDArray[np.int32], longest: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Mark the longest n-gram at each position that some row holds; each stands for itself, however often."""
    at = np.flatnonzero(longest)
    listing = np.zeros(len(seen), dtype=np.bool_)
    listing[grams[at, longest[at] - 1]] = True
    return listing, np.ones(len(seen))


def _repeated(
    seen: NDArray[np.bool_], grams: NDArray[np.int32], starts: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Mark what some row holds of 2 tokens and more (of 1 where nothing longer is looked for), and count its places."""
    listing = seen.copy()
    listing[: starts[min(1, grams.shape[1] - 1)]] = False
    return listing, np.bincount(grams[grams >= 0], minlength=len(seen)).astype(np.float64)


def _ranked(tokens: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Number the distinct tokens: give the number of each id, and that of the token at each position."""
    present, numbers = np.unique(tokens, return_inverse=True)
    negative = int(np.searchsorted(present, 0))
    ranks = np.full(int(present.max(initial=-1)) + 1, -1, dtype=np.int32)
    ranks[present[negative:]] = np.arange(len(present) - negative)
    return ranks, np.maximum(numbers - negative, -1).astype(np.int32)


def _table(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]:
    """Put keys into a table; give the slot of each, the table, and its sieve."""
    room = SLOTS_PER_GRAM * len(np.unique(keys)) + 1
    table, sieve = np.full(room, compiled.EMPTY), np.zeros(room * compiled.BITS, dtype=np.uint8)
    slots = np.empty(len(keys), dtype=np.int32)
    compiled.insert(table, sieve, keys, slots)
    return slots, table, sieve


def _spread(marked: NDArray[np.bool_], grams: NDArray[np.int32]) -> None:
    """Mark every part of what is marked: a row that holds an n-gram holds both of its (n − 1)-grams."""
    for longer, shorter in zip(grams.T[:0:-1], grams.T[-2::-1], strict=True):
        at = np.flatnonzero(longer >= 0)
        at = at[marked[longer[at]]]
        marked[shorter[at]] = True
        marked[shorter[at + 1]] = True


def _room(size: int) -> compiled.Hits:
    return compiled.Hits(rows=np.empty(size, dtype=np.int32), slots=np.empty(size, dtype=np.int32))


def _with_room(hits: compiled.Hits, used: int, marks: compiled.Marks, *, more: int) -> tuple[compiled.Hits, int]:
    """Make room for `more` hits: forget those of n-grams that have become too common, then grow."""
    if used + more <= len(hits.rows):
        return hits, used
    keep = np.flatnonzero(marks.last[hits.slots[:used]] != compiled.COMMON)
    roomy = _room(max(len(hits.rows), 2 * (len(keep) + more)))
    roomy.rows[: len(keep)], roomy.slots[: len(keep)] = hits.rows[keep], hits.slots[keep]
    return roomy, len(keep)
