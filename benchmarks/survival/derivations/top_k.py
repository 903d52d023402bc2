"""A server that draws only from the few likeliest tokens; of one there is no drawing.

Fan et al., "Hierarchical Neural Story Generation" (arXiv 1805.04833). Log-probabilities stay what they were: only what
is written changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.serving import Writer
from survival.writing import Manner

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "top-k", "tokens drawn from", (40.0, 10.0)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with fewer choices."""
    return Writer(model=model.eval(), manner=Manner(top_k=int(dose)))
