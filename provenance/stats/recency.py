"""Along which curves may a run remember its examples: the recency family.

A trace that fades slowly follows the linear curve, one that fades by e over a share h of the run the exponential one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from provenance import ragged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DECAYS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
NAMES = ("linear", *(f"exp(h={h})" for h in DECAYS))


def curves(positions: Sequence[NDArray[np.int64]], *, run_length: int) -> NDArray[np.float64]:
    """Give Σ_e g(t_e) over the epochs at which each example was seen, for every g of the family.

    Parameters
    ----------
    positions
        Positions (0-based) of each example, one array an example.
    run_length
        Length T of the run; u = (t + 1)/T.

    Returns
    -------
    Shape ``(n, 7)``: g(u) = u, then g(u) = exp((u − 1)/h) for h in `DECAYS`.
    """
    times = ragged.of(positions)
    flat = (times.flat + 1.0) / run_length
    rows = np.repeat(np.arange(len(times)), times.lengths())
    table = np.empty((len(times), 1 + len(DECAYS)))
    table[:, 0] = np.bincount(rows, weights=flat, minlength=len(times))
    for column, h in enumerate(DECAYS, start=1):
        table[:, column] = np.bincount(rows, weights=np.exp((flat - 1) / h), minlength=len(times))
    return table
