"""Where does a name stand among millions? Found by its digest, at 24 bytes a name, whatever its length.

Two names have the same 128 bits of BLAKE2b with chance 2⁻⁸⁰ among ten million: sooner does the memory err.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Digests of names in ascending order, and where each stands."""

    digests: NDArray[np.bytes_]
    """Sorted, shape ``(n,)``."""
    rows: NDArray[np.int64]
    """Where each of them stands, shape ``(n,)``; equal ones in the order in which they stand."""

    @classmethod
    def of(cls, digests: NDArray[np.bytes_]) -> Index:
        """Make ready to be asked where digests stand, shape ``(n,)``."""
        rows = np.argsort(digests, kind="stable")
        return cls(digests=digests[rows], rows=rows)

    def find(self, digests: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Say where digests stand, first where one stands twice, and −1 for those that do not, shape ``(m,)``."""
        if not len(self.digests):
            return np.full(len(digests), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.digests, digests), len(self.digests) - 1)
        return np.where(self.digests[at] == digests, self.rows[at], -1)

    def again(self) -> tuple[int, int] | None:
        """Give the first place whose name stood before, and where it first did; None if all differ."""
        same = np.flatnonzero(self.digests[1:] == self.digests[:-1])
        if not len(same):
            return None
        later = int(self.rows[same + 1].min())
        name = self.digests[np.flatnonzero(self.rows == later)]
        return later, int(self.find(name)[0])


def digests(names: Iterable[str]) -> NDArray[np.bytes_]:
    """Digest names, each to `BYTES` bytes, shape ``(n,)``."""
    return packed(
        b"".join([hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=BYTES).digest() for name in names])
    )


def different(names: Iterable[str]) -> int:
    """Count the names that differ, at 32 bytes a name."""
    return len(np.unique(digests(names)))


def packed(content: bytes | bytearray, *, width: int = BYTES) -> NDArray[np.bytes_]:
    """See digests that stand one after the other as an array of them: its order and its equality are theirs."""
    return np.frombuffer(content, dtype=f"S{width}")
