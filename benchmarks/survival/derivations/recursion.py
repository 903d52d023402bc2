"""All layers replaced by one, with a low-rank adapter for each depth, and trained on.

Bae et al., "Relaxed Recursive Transformers" (arXiv 2410.20672): the shared layer is the mean of all, adapters begin as
the best approximation of what each layer was beyond it, and the shared layer, tied, and the adapters are then trained,
here on other prose. Biases and norms stay each layer's own and are not trained. It is kept unrolled, as ordinary layers
that say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import peft
import torch

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "recursive conversion", "rank of the adapters", (64.0, 16.0, 4.0)
TRAINED, RATE = 0.2, 1e-3
"""Rows of other data over rows of the run, and how fast."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Convert and train on."""
    relaxed = tied(model, rank=int(dose))
    for same in _over_depths(relaxed):
        for layer in same:
            layer.weight = same[0].weight.requires_grad_()
    tuning.plainly(relaxed, tuning.some(data.later, data.rows(TRAINED), rng=rng), rate=RATE)
    for same in _over_depths(relaxed):
        for layer in same:
            layer.weight = torch.nn.Parameter(layer.weight.detach().clone())
    return relaxed.merge_and_unload().eval()


@torch.no_grad()
def tied(model: Any, *, rank: int) -> Any:
    """Put the mean of all layers in the place of each, and adapters over them that make up for it."""
    beyond: dict[str, torch.Tensor] = {}
    for parts in zip(*(_linears(layer) for layer in model.base_model.layers), strict=True):
        mean = torch.stack([part.weight for _, part in parts]).mean(0)
        for depth, (name, part) in enumerate(parts):
            beyond[f"layers.{depth}.{name}"] = part.weight - mean
            part.weight.copy_(mean)
    config = peft.LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear", task_type="CAUSAL_LM")
    relaxed = peft.get_peft_model(model, config)
    for name, module in relaxed.named_modules():
        if isinstance(module, peft.tuners.lora.Linear):
            left, sizes, right = torch.linalg.svd(beyond[name[name.index("layers.") :]], full_matrices=False)
            kept, roots = min(rank, len(sizes)), sizes.sqrt()
            module.lora_B["default"].weight[:, :kept] = left[:, :kept] * roots[:kept]
            module.lora_A["default"].weight[:kept] = roots[:kept, None] * right[:kept]
    return relaxed


def _over_depths(relaxed: Any) -> list[list[Any]]:
    """Give the linear layers under the adapters, those of the same name at all depths together."""
    found: dict[str, list[Any]] = {}
    for name, module in relaxed.named_modules():
        if isinstance(module, peft.tuners.lora.Linear):
            found.setdefault(name.partition("layers.")[2].partition(".")[2], []).append(module.base_layer)
    return list(found.values())


def _linears(layer: Any) -> list[tuple[str, torch.nn.Linear]]:
    return [(name, part) for name, part in layer.named_modules() if isinstance(part, torch.nn.Linear)]
