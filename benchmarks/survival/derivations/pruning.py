"""The smallest weights set to zero, over all linear layers inside the blocks together.

Han et al., "Learning both Weights and Connections for Efficient Neural Networks" (arXiv 1506.02626), without the
training afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "magnitude pruning", "share of weights set to 0", (0.4, 0.6, 0.8)


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Prune."""
    layers = tuning.linears(model)
    sizes = torch.cat([layer.weight.abs().flatten() for layer in layers])
    count = int(dose * len(sizes))
    if count:
        limit = sizes.kthvalue(count).values
        for layer in layers:
            layer.weight[layer.weight.abs() <= limit] = 0.0
    return model.eval()
