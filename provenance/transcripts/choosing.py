"""Which rows of a run are taken, when there are too many to take all?

A choice may look at when rows were consumed or at what they say, never at both: here it looks at row numbers or at
places in the order, and at nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SELECTIONS = ("uniform", "recent")
"""``uniform``: every place alike. ``recent``: half of them where memory is, half from the first half of the run."""

NEAREST, FARTHEST = 0.002, 0.5
"""Distances from the end, as shares of the run, between which the later half of a ``recent`` choice lies."""

LARGEST_SHARE = 4
"""A ``recent`` choice takes at most this part of the run: near the end there are only so many rows."""

WEYL = np.uint64(0x9E3779B97F4A7C15)
ROUNDS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))


def take(of: int, *, rows: int, seed: int, select: str = "uniform") -> NDArray[np.int64]:
    """Take `rows` of `of` places, sorted, in memory for the rows taken.

    Raises
    ------
    InputError
        If a ``recent`` choice asks for more than a quarter of the run.
    """
    rng = np.random.default_rng([seed, of])
    if select not in SELECTIONS:
        raise ValueError(f"selection {select!r}: see SELECTIONS")
    if select == "recent":
        return _recent(of, rows, rng)
    if rows >= of:
        return np.arange(of, dtype=np.int64)
    return np.sort(rng.choice(of, size=rows, replace=False, shuffle=False)).astype(np.int64)


def keys(rows: NDArray[np.int64], *, seed: int) -> NDArray[np.uint64]:
    """Give each row number a key that looks random and is the same in every process (SplitMix64's mixing).

    Examples
    --------
    >>> bool(keys(np.array([7]), seed=0) == keys(np.array([5, 7]), seed=0)[1])
    True
    """
    mixed = _mix(np.array([seed], dtype=np.uint64)) + (rows.astype(np.uint64) + np.uint64(1)) * WEYL
    return _mix(mixed)


def kept(rows: NDArray[np.int64], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Say of each row number whether it belongs to a sample of about `share` of all rows, in constant memory."""
    if share >= 1:
        return np.ones(len(rows), dtype=np.bool_)
    return keys(rows, seed=seed) < np.uint64(int(share * 2**64))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in ROUNDS:
        values = (values ^ (values >> shift)) * factor
    return values ^ (values >> np.uint64(31))


def _recent(of: int, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if rows > of // LARGEST_SHARE:
        raise InputError(
            f"{rows} of {of} rows, chosen by their distance from the end",
            expected=f"at most {of // LARGEST_SHARE}",
            hint="--select uniform",
        )
    late, middle = rows - rows // 2, of // 2
    early = rng.choice(middle, size=rows // 2, replace=False, shuffle=False).astype(np.int64)
    found = np.empty(0, dtype=np.int64)
    while len(found) < late:
        distance = np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST), size=2 * late))
        places = np.clip((of * (1 - distance)).astype(np.int64), middle, of - 1)
        found = np.union1d(found, places)
    return np.sort(np.concatenate([early, rng.choice(found, size=late, replace=False)]))
