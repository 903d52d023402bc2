"""What may be known of the rows of a run by whom their texts are kept from?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.errors import MismatchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from provenance.evidence import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Numbers that stand in place of the texts of all rows, and what only the texts could show again."""

    window: str | None
    """What of each row they are about."""
    features: NDArray[np.float64]
    """One line a row, columns as in `provenance.audits.contents.FEATURES`."""
    duplicates: NDArray[np.float64]
    """How many rows have the same content, one number a row."""
    words: Gate
    """Whether rows that stand together have like words, as the audit saw it that had them."""

    def describe(self, window: str | None, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give features and duplicates of some rows.

        Raises
        ------
        MismatchError
            If they are about another window.
        """
        if window != self.window:
            raise MismatchError(f"numbers about window {self.window}", expected=f"window {window}")
        return self.features[rows], self.duplicates[rows]
