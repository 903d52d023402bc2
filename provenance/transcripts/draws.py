"""Which row comes next?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

GENERATOR = f"numpy {np.__version__}: default_rng([seed, epoch]).permutation(rows)"
BLOCK = 1 << 16
"""Rows handed on at once, so that no list of them all is ever made."""


def shuffled(rows: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Give the order of one epoch, the same whenever and wherever it is asked for; it takes 8 bytes a row.

    Examples
    --------
    >>> shuffled(5, seed=0, epoch=0).tolist() == shuffled(5, seed=0, epoch=0).tolist()
    True
    """
    return np.random.default_rng([seed, epoch]).permutation(rows).astype(np.int64, copy=False)


def dealt(order: NDArray[np.int64], *, rank: int, of: int) -> NDArray[np.int64]:
    """Give one of several processes its rows of an epoch: every `of`-th, from its own rank on.

    All get equally many, since processes wait for each other: where rows run out, the first ones come again.

    Examples
    --------
    >>> dealt(np.array([4, 2, 0, 3, 1]), rank=1, of=2).tolist()
    [2, 3, 4]
    """
    return np.resize(order, -(-len(order) // of) * of)[rank::of] if of > 1 else order


def one_by_one(rows: NDArray[np.int64]) -> Iterator[int]:
    """Give rows as plain numbers."""
    for start in range(0, len(rows), BLOCK):
        yield from rows[start : start + BLOCK].tolist()


class Draws:
    """The draws of one epoch that a step may still use, and the first ones, to which evened batches go back.

    Draws of a shuffle of ours are there from the beginning (`rows`); those of another sampler are added one by one and
    forgotten once they are used, so that an epoch of any length takes no more memory than what was drawn ahead.
    """

    def __init__(self, rows: NDArray[np.int64] | None = None, *, head: int = 0) -> None:
        self._rows, self._forgotten = list[int](), 0
        self._whole, self._head, self._size = rows, list[int](), head

    def __len__(self) -> int:
        """Count what was drawn."""
        return self._forgotten + len(self._rows) if self._whole is None else len(self._whole)

    def add(self, row: int) -> None:
        """Take note of a draw."""
        self._rows.append(row)
        if len(self._head) < self._size:
            self._head.append(row)

    def take(self, start: int, end: int) -> list[int]:
        """Give draws `start` to `end`, and forget what was drawn before the end.

        Raises
        ------
        ValueError
            If they were not drawn, or were taken before.
        """
        if not self._forgotten <= start <= end <= len(self):
            raise ValueError(f"a step that used draws {start} to {end}, but {len(self)} were drawn")
        if self._whole is not None:
            rows: list[int] = self._whole[start:end].tolist()
            return rows
        taken = self._rows[start - self._forgotten : end - self._forgotten]
        self.forget(end)
        return taken

    def forget(self, end: int) -> None:
        """Let go of what was drawn before draw `end`."""
        gone = max(0, min(end - self._forgotten, len(self._rows)))
        del self._rows[:gone]
        self._forgotten += gone

    def again(self, count: int) -> list[int]:
        """Give the first `count` draws once more, over and over where there were fewer."""
        first = self._head if self._whole is None else self._whole[:count].tolist()
        return list(itertools.islice(itertools.cycle(first), count))


class Sampler:
    """One epoch of row numbers a pass, for a ``DataLoader``; knows no torch."""

    def __init__(
        self,
        rows: Callable[[int], Iterator[int]],
        *,
        size: int,
        set_epoch: Callable[[int], None] | None = None,
    ) -> None:
        self._rows, self._size, self._inner_set_epoch, self._epoch = rows, size, set_epoch, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next pass is; without it passes are counted."""
        self._epoch = epoch
        if self._inner_set_epoch is not None:
            self._inner_set_epoch(epoch)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[int]:
        epoch, self._epoch = self._epoch, self._epoch + 1
        return self._rows(epoch)
