"""What must run once a token of a transcript, at the speed of compiled code?

An n-gram is named by its slot in a hash table; its key is the slot of all but its last token, beside that token. So two
n-grams never share a key, and no collision of hashes can become a match: what is found is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

EMPTY = -1
"""Key of a slot that has none."""
UNSEEN, COMMON = -1, -2
"""In place of a row: in none so far, and in more than the limit."""
BITS = 4
"""Bits of the sieve for each slot: of eight keys that are not in a table it lets one pass."""
STIR, STIR_AGAIN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
HALF = np.uint64(32)
SIGN = np.int64(0xFFFFFFFF)


class Tables(NamedTuple):
    """N-grams of a text: one hash table a length, one behind the other."""

    ranks: NDArray[np.int32]
    """Slot of each token id, −1 where the text lacks it."""
    keys: NDArray[np.int64]
    """Key in each slot; the first slots are those of single tokens, which need none."""
    starts: NDArray[np.int64]
    """First slot of each length, and the end of the last."""
    sieve: NDArray[np.uint8]
    """A bit for every hash that a key has: most of what is in no table is turned away here, in nearer memory."""


class Marks(NamedTuple):
    """What a scan remembers of each slot."""

    last: NDArray[np.int32]
    """Row in which it was last a whole match, or `UNSEEN`, or `COMMON`."""
    rows: NDArray[np.int32]
    """In how many rows it was, up to one more than the limit."""
    common: NDArray[np.uint8]
    """A bit for every slot that has become `COMMON`."""


class Hits(NamedTuple):
    """Which slot was a whole match in which row, rows ascending."""

    rows: NDArray[np.int32]
    slots: NDArray[np.int32]


class Places(NamedTuple):
    """Where a text has the n-gram of each slot."""

    first: NDArray[np.int32]
    """A position at which it begins."""
    starts: NDArray[np.int64]
    """As in `Tables`."""
    grams: NDArray[np.int32]
    """Slot of the n-gram of each length that begins at each position, shape ``(positions, lengths)``."""


class Row(NamedTuple):
    """Room for what is found in one row of a transcript, a number a token."""

    ranks: NDArray[np.int32]
    slots: NDArray[np.int32]
    """Slot of the longest n-gram that begins here."""
    lengths: NDArray[np.int8]
    """Its length."""
    open: NDArray[np.int32]
    """Where an n-gram begins that may be part of a longer one, ascending."""
    keys: NDArray[np.int64]
    places: NDArray[np.int64]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use and keep the result on disk; where no folder can be written, compile in each process."""
    try:
        return numba.njit(cache=True, nogil=True)(function)  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]


@compiled
def bit_of(key: int, room: int) -> int:
    """Give the bit of a key in a sieve for `room` slots; `BITS` bits belong to the slot where a search begins."""
    stirred = np.uint64(key) * STIR
    stirred = (stirred ^ (stirred >> HALF)) * STIR_AGAIN
    return np.int64(((stirred >> HALF) * np.uint64(room * BITS)) >> HALF)  # type: ignore[return-value]


@compiled
def insert(table: Any, sieve: Any, keys: Any, slots: Any) -> None:
    """Put keys into a table and its sieve, one byte a bit, and say in which slots they are."""
    for index in range(len(keys)):
        bit = bit_of(keys[index], len(table))
        slot: Any = bit // BITS
        while table[slot] not in (EMPTY, keys[index]):
            slot = slot + 1 if slot + 1 < len(table) else 0
        table[slot], sieve[bit], slots[index] = keys[index], 1, slot


@compiled
def _single(tokens: Any, ranks: Any, row: Any) -> int:
    """Find the tokens that the text has; give their number."""
    count = 0
    for at in range(len(tokens)):
        token = tokens[at]
        rank = ranks[token] if 0 <= token < len(ranks) else np.int32(-1)
        row.ranks[at], row.slots[at], row.lengths[at], row.open[count] = rank, rank, rank >= 0, at
        count += int(rank >= 0)
    return count


@compiled
def _longer(n: int, count: int, tables: Any, row: Any) -> int:
    """Find the n-grams of a row whose (n − 1)-grams were found, neighbours of one another; give their number.

    Written so that the processor need not guess: what passes the sieve is put behind one another first.
    """
    low, room = tables.starts[n - 1], tables.starts[n] - tables.starts[n - 1]
    maybe = 0
    for index in range(count - 1):
        at = row.open[index]
        key = (np.int64(row.slots[at]) << 32) | np.int64(row.ranks[at + n - 1]) & SIGN
        bit = bit_of(key, room)
        row.keys[maybe], row.places[maybe], row.open[maybe] = key, low + bit // BITS, at
        passed = (tables.sieve[(low * BITS + bit) >> 3] >> ((low * BITS + bit) & 7)) & 1
        maybe += passed & (row.open[index + 1] == at + 1)
    kept = 0
    for index in range(maybe):
        at, key, slot = row.open[index], row.keys[index], row.places[index]
        while tables.keys[slot] not in (key, EMPTY):
            slot = slot + 1 if slot + 1 < low + room else low
        found = tables.keys[slot] == key
        if found:
            row.slots[at], row.lengths[at] = slot, n
        row.open[kept] = at
        kept += found
    return kept


@compiled
def _whole(size: int, common: Any, row: Any) -> int:
    """Leave in `open` the slots of the matches that are part of no longer one and not common; give their number."""
    kept, before = 0, 0
    for at in range(size):
        slot = max(row.slots[at], 0)
        whole = (row.lengths[at] > 0) & (row.lengths[at] >= before)
        before = row.lengths[at]
        row.open[kept] = slot
        kept += whole & ((common[slot >> 3] >> (slot & 7)) & 1 == 0)
    return kept


@compiled
def _record(number: int, slots: Any, marks: Any, hits: Any, used: int, limit: int) -> int:
    """Note that row `number` holds these slots; give the number of hits in use."""
    for slot in slots:
        if marks.last[slot] in (number, COMMON):
            continue
        marks.rows[slot] += 1
        if marks.rows[slot] > limit:
            marks.last[slot] = COMMON
            marks.common[slot >> 3] |= np.uint8(1 << (slot & 7))
        else:
            marks.last[slot] = number
            hits.rows[used], hits.slots[used] = number, slot
            used += 1
    return used


@compiled
def scan(tokens: Any, edges: Any, first: int, tables: Any, marks: Any, hits: Any, used: int, limit: int) -> int:  # noqa: PLR0917 (one call a batch)
    """Find all matches of rows with the tables that are part of no longer one, and record the row of each.

    Row r of the batch, ``first + r`` of the transcript, is ``tokens[edges[r]:edges[r + 1]]``. Whatever else a row
    shares with the text is part of such a match. One that more than `limit` rows hold is common, and so are its parts.

    Returns
    -------
    The number of hits in use; there must have been room for one more a token.
    """
    room = np.max(edges[1:] - edges[:-1]) + 1
    row = Row(
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.int8),
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int64),
    )
    for number in range(len(edges) - 1):
        size = edges[number + 1] - edges[number]
        count, n = _single(tokens[edges[number] : edges[number + 1]], tables.ranks, row), 2
        while count > 1 and n < len(tables.starts):
            count, n = _longer(n, count, tables, row), n + 1
        kept = _whole(size, marks.common, row)
        used = _record(first + number, row.open[:kept], marks, hits, used, limit)
    return used


@compiled
def spread(hits: Any, places: Any, weights: Any, frequency: Any, chi: Any) -> None:
    """Go through the n-grams that each row holds as a part of a hit, once a row: count the rows, and add up weights.

    Parameters
    ----------
    weights
        Of each slot, 0 where it does not count, shape ``(slots,)``.
    frequency, chi
        Zeros, shape ``(slots,)`` and ``(rows,)``, filled here.
    """
    last = np.full(len(weights), UNSEEN, dtype=np.int32)
    for hit in range(len(hits.rows)):
        row, slot = hits.rows[hit], hits.slots[hit]
        end = places.first[slot] + np.searchsorted(places.starts, slot, side="right")
        for at in range(places.first[slot], end):
            for length in range(end - at):
                part = places.grams[at, length]
                if weights[part] > 0 and last[part] != row:
                    last[part] = row
                    frequency[part] += 1
                    chi[row] += weights[part]
