"""What is the mean of a sample, how sure is it, and why is there sometimes none?

>>> mean([1.0, 2.0, 3.0]).value
2.0
>>> mean([1.0])
NotMeasured(reason='only one sentence was changed')
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean over sentences with its interval."""

    value: float
    low: float
    high: float
    n: int
    """Sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """Nobody knows, and why."""

    reason: str


def mean(values: Sequence[float], *, least: float = -math.inf, most: float = math.inf) -> Mean | NotMeasured:
    """Give the mean with Student's interval at `LEVEL`, as if sentences were independent of each other.

    Parameters
    ----------
    least, most
        What a value can be; the interval goes no further.
    """
    if len(values) <= 1:
        return NotMeasured(reason="only one sentence was changed" if values else "no sentence was changed")
    array = np.asarray(values, dtype=np.float64)
    middle, error = float(array.mean()), float(array.std(ddof=1)) / math.sqrt(len(array))
    reach = float(stdtrit(len(array) - 1, (1 + LEVEL) / 2)) * error
    return Mean(value=middle, low=max(least, middle - reach), high=min(most, middle + reach), n=len(array))
