"""Continued pre-training on shifted data with the learning rate raised again, linearly, then let down along a cosine.

Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your model?" (arXiv 2308.04014): up to
the rate of pre-training, down to a tenth of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "continued, re-warmed", "rows of shifted data / rows of the run", (0.1, 0.5, 1.0)
RATE, LEAST = 1e-3, 0.1


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Go on."""
    return tuning.cosine(model, tuning.some(data.shifted, data.rows(dose), rng=rng), rate=RATE, least=LEAST)
