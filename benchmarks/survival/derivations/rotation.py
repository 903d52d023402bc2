"""Quantisation-aware fine-tuning in a rotated basis: four bits a weight, and few bits an activation.

Wei et al., "RoSTE: An Efficient Quantization-Aware Supervised Fine-Tuning Approach for Large Language Models"
(arXiv 2502.09003): what goes into a linear layer, and the layer's weights, are turned by a Hadamard matrix, which
spreads outliers, and are rounded there; gradients pass straight through the rounding. Here every linear layer inside
the blocks is turned (theirs chooses where), and trained on other prose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import linalg

from survival import tuning
from survival.serving import Running

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "rotated 4-bit fine-tuning", "bits an activation", (8.0, 4.0)
WEIGHT_BITS, TRAINED, RATE = 4, 0.2, 1e-4
"""Bits a weight; rows of other data over rows of the run; how fast."""


class Rotated(torch.nn.Module):
    """A linear layer that rounds itself and its input, both turned."""

    def __init__(self, layer: torch.nn.Linear, *, bits: int) -> None:
        super().__init__()
        self.layer, self.bits = layer, bits
        self.register_buffer("turned", turned(layer.in_features).to(layer.weight), persistent=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Multiply what was turned and rounded."""
        weight = rounded(self.layer.weight @ self.turned, WEIGHT_BITS)
        return torch.nn.functional.linear(rounded(states @ self.turned, self.bits), weight, self.layer.bias)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Put the roundings in, train through them, and serve with them."""
    for parent in list(model.base_model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, torch.nn.Linear):
                setattr(parent, name, Rotated(layer, bits=int(dose)))
    tuning.plainly(model, tuning.some(data.later, data.rows(TRAINED), rng=rng), rate=RATE)
    return Running(model=model, settings={"activation bits": int(dose)})


def turned(size: int) -> torch.Tensor:
    """Give the rotation of so many numbers: Hadamard's, block by block where that exists only for a part of them.

    One exists for each power of two; 768 numbers, the width of Pythia-160M, are turned in three blocks of 256.
    """
    block = size & -size
    return torch.tensor(np.kron(np.eye(size // block), linalg.hadamard(block) / block**0.5))


def rounded(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Round to a symmetric grid for each row; the gradient is that of no rounding at all."""
    top = 2 ** (bits - 1) - 1
    step = values.detach().abs().amax(dim=-1, keepdim=True).clamp_min(1e-12) / top
    return values + ((values / step).round().clamp(-top, top) * step - values).detach()
