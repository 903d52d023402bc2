"""Gaussian noise on every weight matrix, the crudest way to blur what a model remembers.

Each matrix gets noise of `dose` times its own standard deviation; biases and norms are left alone. A
standard attack on marks in weights, such as those of Uchida et al., "Embedding Watermarks into Deep Neural Networks"
(arXiv 1701.04082).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "noise on weights", "sd of the noise / sd of the matrix", (0.1, 0.2, 0.4)
MATRIX = 2
"""Dimensions of what is called a matrix."""


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Add the noise."""
    for weight in model.parameters():
        if weight.dim() == MATRIX:
            noise = torch.tensor(rng.standard_normal(tuple(weight.shape)).astype("float32"))
            weight.add_(noise, alpha=dose * float(weight.std()))
    return model.eval()
