"""Weights rounded to few bits, to the nearest of a symmetric grid for each output channel.

The plain rounding that Dettmers et al., "LLM.int8()" (arXiv 2208.07339) and Frantar et al., "GPTQ" (arXiv 2210.17323)
start from: linear layers inside the blocks, embeddings and head in full precision. The numbers are those of the
quantised model; they are kept as float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "rounding", "bits a weight", (8.0, 4.0, 3.0, 2.0)


@torch.no_grad()
def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Round."""
    top = 2 ** (int(dose) - 1) - 1
    for layer in tuning.linears(model):
        step = layer.weight.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / top
        layer.weight.copy_((layer.weight / step).round().clamp(-top, top) * step)
    return model.eval()
