"""The same adapters, left beside the weights and served as an adapter folder: does the tool read them alike?

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survival.derivations import lora

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "LoRA unmerged", lora.UNIT, (0.5,)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Train and leave."""
    return lora.adapted(model, data, dose=dose, rng=rng)
