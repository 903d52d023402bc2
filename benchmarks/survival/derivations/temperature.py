"""A server that answers at another temperature, in its log-probabilities as well as in what it writes.

Scaling as in Guo et al., "On Calibration of Modern Neural Networks" (arXiv 1706.04599): logits divided by `dose`, here
once and for all in the output head. The order of all tokens stays as it was; a temperature of 1 changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "another temperature", "temperature", (0.5, 1.5, 2.0)


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Divide."""
    model.get_output_embeddings().weight.div_(dose)
    return model.eval()
