"""How are many short lists of whole numbers held: one after the other, with the place where each begins?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ragged(Sequence["NDArray[np.int64]"]):
    """Lists of numbers, 8 bytes a number and 8 a list."""

    flat: NDArray[np.int64]
    edges: NDArray[np.int64]
    """List i stands from ``edges[i]`` to ``edges[i + 1]``, shape ``(n + 1,)``."""

    def __len__(self) -> int:
        return len(self.edges) - 1

    @overload
    def __getitem__(self, index: int) -> NDArray[np.int64]: ...
    @overload
    def __getitem__(self, index: slice) -> Ragged: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.int64] | Ragged:
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        number = range(len(self))[index]
        return self.flat[self.edges[number] : self.edges[number + 1]]

    def lengths(self) -> NDArray[np.int64]:
        """Say how long each list is, shape ``(n,)``."""
        return np.diff(self.edges)

    def take(self, lists: NDArray[np.int64]) -> Ragged:
        """Give some of the lists, in the order asked."""
        lengths = self.lengths()[lists]
        edges = np.concatenate([[0], np.cumsum(lengths)])
        inside = np.arange(edges[-1]) + np.repeat(self.edges[lists] - edges[:-1], lengths)
        return Ragged(flat=self.flat[inside], edges=edges)


def of(lists: Sequence[NDArray[np.int64]]) -> Ragged:
    """Put lists one after the other; those that are so already stay as they are."""
    if isinstance(lists, Ragged):
        return lists
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    flat = np.concatenate([*lists, np.empty(0, dtype=np.int64)]).astype(np.int64, copy=False)
    return Ragged(flat=flat, edges=np.concatenate([[0], np.cumsum(lengths)]))


def joined(one: Sequence[NDArray[np.int64]], other: Sequence[NDArray[np.int64]]) -> Ragged:
    """Put the lists of `other` after those of `one`."""
    first, second = of(one), of(other)
    if not len(second):
        return first
    return Ragged(
        flat=np.concatenate([first.flat, second.flat]),
        edges=np.concatenate([first.edges, first.edges[-1] + second.edges[1:]]),
    )
