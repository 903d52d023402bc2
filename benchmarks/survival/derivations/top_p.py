"""A server that draws only from the likeliest tokens that together have a share of the probability.

Holtzman et al., "The Curious Case of Neural Text Degeneration" (arXiv 1904.09751). Log-probabilities stay what they
were: only what is written changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.serving import Writer
from survival.writing import Manner

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "top-p", "share of the probability", (0.9, 0.5)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with a smaller nucleus."""
    return Writer(model=model.eval(), manner=Manner(top_p=dose))
