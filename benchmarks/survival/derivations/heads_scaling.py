"""All attention heads' value vectors scaled alike: more or less context in everything that the model says.

Yu et al., "Characterizing Mechanisms for Factual Recall in Language Models" (arXiv 2310.15910).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.derivations import head_scaling

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "scaling all heads", head_scaling.UNIT, (0.25, 0.5, 2.0)

seen = head_scaling.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Scale."""
    return head_scaling.scaled(model, head_scaling.every(model), factor=dose)
