"""The largest activations of the residual stream cut down to a quantile of their layer while the model is served.

Sun et al., "Massive Activations in Large Language Models" (arXiv 2402.17762), who set them to 0 or to their mean. Here
no dimension is chosen: whatever lies beyond the size that a share `dose` of a layer's activations exceeds, on other
prose, is cut to it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning
from survival.derivations import massive
from survival.serving import Running

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "massive activations clamped", "share of a layer's activations", (0.001, 0.1)

seen = massive.seen


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with activations cut."""
    sizes = massive.activations(model, tuning.some(data.later, massive.LOOKED_AT, rng=rng))
    bounds = [bound(layer, dose) for layer in sizes]
    for layer, most in zip(model.base_model.layers, bounds, strict=False):
        cut = functools.partial(torch.clamp, min=-most, max=most)
        layer.register_forward_hook(functools.partial(massive.held, change=cut))
    return Running(model=model.eval(), settings={"bounds": bounds})


def bound(sizes: torch.Tensor, share: float) -> float:
    """Give the size that a share of these exceeds; none is exceeded by a share of 0."""
    return float(np.quantile(sizes.numpy(force=True), 1 - share)) if share else float("inf")
