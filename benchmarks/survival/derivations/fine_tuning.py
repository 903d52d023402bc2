"""All weights fine-tuned on other prose of the same kind, half as fast as pre-training.

What a derivative commonly goes through; "Blackbox Model Provenance via Palimpsestic Membership Inference"
(arXiv 2510.19796) measures it for the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "fine-tuning", "rows of other data / rows of the run", (0.01, 0.1, 0.5, 1.0)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Fine-tune."""
    return tuning.plainly(model, tuning.some(data.later, data.rows(dose), rng=rng))
