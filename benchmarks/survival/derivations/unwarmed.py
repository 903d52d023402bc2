"""Continued pre-training on shifted data at the low rate where a run would have ended, without re-warming.

The comparison in Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your model?"
(arXiv 2308.04014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival import tuning
from survival.derivations import rewarming

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "continued, not re-warmed", rewarming.UNIT, rewarming.DOSES


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Go on."""
    rows = tuning.some(data.shifted, data.rows(dose), rng=rng)
    return tuning.plainly(model, rows, rate=rewarming.RATE * rewarming.LEAST)
