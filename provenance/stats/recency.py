"""Along which curves may a run remember its examples: the recency family.

A trace that fades slowly follows the linear curve, one that fades by e over a share h of the run the exponential one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    lengths = [len(times) for times in positions]
    flat = (np.concatenate(positions) + 1.0) / run_length
    members = [flat, *(np.exp((flat - 1) / h) for h in DECAYS)]
    rows = np.repeat(np.arange(len(lengths)), lengths)
    return np.column_stack([np.bincount(rows, weights=member, minlength=len(lengths)) for member in members])
