"""How small must a p-value be when several questions were asked at once?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(log10_pvalues: Sequence[float], *, size: int | None = None) -> tuple[float, ...]:
    """Adjust p-values for the number of questions, by Holm's step-down rule, on the log scale.

    The i-th smallest of K p-values is multiplied by K − i + 1; none may then be below one before it, nor above 1.
    Rejecting where the adjusted p is at most α keeps the chance of even one false rejection at most α, however the
    tests depend on each other. On the log scale 10^-500 is a number like any other.

    Parameters
    ----------
    log10_pvalues
        Decimal logarithms of the p-values, in any order; each finite and at most 0.
    size
        Number of questions in the family when some of the answers are not here. The missing ones are taken to be 1,
        which no value of theirs could make less favourable to a rejection.

    Returns
    -------
    tuple of float
        Adjusted decimal logarithms in the given order; equal p-values get equal ones.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979),
    pages 65–70.

    Examples
    --------
    >>> holm([-4.0, -1.0])
    (-3.6989700043360187, -1.0)
    """
    values = np.asarray(log10_pvalues, dtype=np.float64)
    total = len(values) if size is None else size
    if total < len(values):
        raise ValueError(f"a family of {total} cannot hold {len(values)} p-values")
    if not np.all(np.isfinite(values)) or np.any(values > 0):
        raise ValueError("log10 p-values must be finite and at most 0")
    ascending = np.argsort(values, kind="stable")
    stepped = values[ascending] + np.log10(total - np.arange(len(values)))
    adjusted = np.empty_like(values)
    adjusted[ascending] = np.minimum(np.maximum.accumulate(stepped), 0.0)
    return tuple(adjusted.tolist())
