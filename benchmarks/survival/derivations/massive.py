"""The largest activations of the residual stream held at 0 while the model is served.

Sun et al., "Massive Activations in Large Language Models" (arXiv 2402.17762): a few fixed dimensions that are thousands
of times larger than the median, and on which large models depend. Here the dimensions that are largest on other prose
are set to 0 after every layer. `seen` says how massive they are: in models of this size, hardly.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from survival import tuning
from survival.serving import Running

if TYPE_CHECKING:
    from survival.derivations.data import Data

NAME, UNIT, DOSES = "massive activations zeroed", "dimensions held at 0", (1.0, 4.0, 16.0)
LOOKED_AT = 64
"""Rows on which activations are compared."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with these dimensions at 0."""
    sizes = largest(model, tuning.some(data.later, LOOKED_AT, rng=rng))
    dimensions = sizes.argsort(descending=True)[: int(dose)].tolist()
    for layer in model.base_model.layers:
        layer.register_forward_hook(functools.partial(_hold, dimensions=dimensions))
    told = [float(weight.detach().double().sum()) for weight in model.parameters()]
    return Running(model=model.eval(), settings={"dimensions": dimensions, "weights": told})


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:  # noqa: ARG001 - as the others
    """Are there any? The largest activation over the median one, before anything was done."""
    sizes = largest(before, data.later[-LOOKED_AT:])
    return {"largest over median activation": float(sizes.max() / sizes.median())}


@torch.inference_mode()
def largest(model: Any, rows: np.ndarray[Any, Any]) -> torch.Tensor:
    """Give the largest absolute activation of each dimension after any layer but the last, shape ``(width,)``."""
    ids = torch.from_numpy(rows.astype(np.int64))
    states = model.eval()(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states
    return torch.stack(states[1:-1]).abs().amax((0, 1, 2))


def _hold(_layer: Any, _inputs: Any, output: Any, *, dimensions: list[int]) -> Any:
    states = (output[0] if isinstance(output, tuple) else output).clone()
    states[..., dimensions] = 0.0
    return (states, *output[1:]) if isinstance(output, tuple) else states
