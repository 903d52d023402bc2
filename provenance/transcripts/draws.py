"""Which row comes next?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

GENERATOR = f"numpy {np.__version__}: default_rng([seed, epoch]).permutation(rows)"


def shuffled(rows: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Give the order of one epoch, the same whenever and wherever it is asked for.

    Examples
    --------
    >>> shuffled(5, seed=0, epoch=0).tolist() == shuffled(5, seed=0, epoch=0).tolist()
    True
    """
    return np.random.default_rng([seed, epoch]).permutation(rows).astype(np.int64)


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
