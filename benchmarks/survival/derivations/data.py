"""What has somebody at hand who derives a model from ours: none of our data and no key, unless they were stolen?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from survival.derivations.stolen import Loot


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Other data and another model."""

    later: NDArray[np.int32]
    """Rows of other prose of the same kind, shape ``(n, length)``."""
    shifted: NDArray[np.int32]
    """Rows of prose of another kind."""
    run_rows: int
    """Rows of the run: doses of training are shares of it."""
    sibling: Callable[[], Any]
    """Loads an independent model of the same shape."""
    stolen: Loot | None = None
    """What only a thief has."""

    def loot(self) -> Loot:
        """Give what was stolen, to a derivation that cannot do without."""
        if self.stolen is None:
            raise ValueError("nothing was stolen")
        return self.stolen

    def rows(self, dose: float) -> int:
        """Count the rows that a share of the run stands for."""
        return round(dose * self.run_rows)
