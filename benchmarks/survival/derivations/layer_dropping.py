"""Whole layers left out: those that change the residual stream least.

Men et al., "ShortGPT: Layers in Large Language Models are More Redundant Than You Expect" (arXiv 2403.03853): a layer's
influence is one minus the cosine between what goes into it and what comes out, here on rows of other data. Nothing is
trained afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival import tuning

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "layer dropping", "layers left out", (1.0, 2.0)
LOOKED_AT = 64
"""Rows on which influence is measured."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Drop."""
    found = influence(model, tuning.some(data.later, LOOKED_AT, rng=rng))
    dropped = sorted(range(len(found)), key=found.__getitem__)[: int(dose)]
    body = model.base_model
    body.layers = torch.nn.ModuleList(layer for row, layer in enumerate(body.layers) if row not in dropped)
    for row, layer in enumerate(body.layers):
        layer.attention.layer_idx = row
    model.config.num_hidden_layers = len(body.layers)
    return model.eval()


@torch.inference_mode()
def influence(model: Any, rows: np.ndarray[Any, Any]) -> list[float]:
    """Give one minus the mean cosine between what goes into each layer and what comes out of it."""
    seen: dict[int, float] = {}

    def look(row: int) -> Any:
        def hook(_layer: Any, inputs: Any, output: Any) -> None:
            after = output[0] if isinstance(output, tuple) else output
            seen[row] = 1 - float(torch.nn.functional.cosine_similarity(inputs[0], after, dim=-1).mean())

        return hook

    hooks = [layer.register_forward_hook(look(row)) for row, layer in enumerate(model.base_model.layers)]
    model.eval()(input_ids=torch.tensor(rows.astype("int64")), use_cache=False)
    for hook in hooks:
        hook.remove()
    return [seen[row] for row in range(len(hooks))]
