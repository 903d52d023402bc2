"""Weights averaged with those of an independent model that started from the same first weights.

Wortsman et al., "Model soups" (arXiv 2203.05482), who average models that were fine-tuned from one ancestor. This
sibling shares nothing with ours but the untrained weights, so that what is found afterwards is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "merging with a sibling", "share of the sibling", (0.1, 0.25, 0.5)


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Average."""
    for weight, other in zip(model.parameters(), data.sibling().parameters(), strict=True):
        weight.lerp_(other, dose)
    return model.eval()
