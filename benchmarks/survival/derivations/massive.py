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
    from collections.abc import Callable

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "massive activations zeroed", "dimensions held at 0", (4.0, 16.0)
LOOKED_AT = 64
"""Rows on which activations are compared."""


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with these dimensions at 0."""
    sizes = activations(model, tuning.some(data.later, LOOKED_AT, rng=rng)).amax((0, 1))
    dimensions = sizes.argsort(descending=True)[: int(dose)].tolist()
    for layer in model.base_model.layers:
        layer.register_forward_hook(functools.partial(held, change=functools.partial(_emptied, dimensions=dimensions)))
    return Running(model=model.eval(), settings={"dimensions": dimensions})


def seen(before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Are there any, and what is left of them? The largest activation over the median one, before and after."""
    rows, after = data.later[-LOOKED_AT:], derived.model if isinstance(derived, Running) else derived
    return {
        f"largest over median activation {when}": massiveness(activations(model, rows))
        for when, model in (("before", before), ("after", after))
    }


def massiveness(sizes: torch.Tensor) -> float:
    """Give the largest absolute activation over the median one, as Sun et al. do: the layer where it is highest."""
    return float((sizes.amax((1, 2)) / sizes.flatten(1).median(dim=1).values).max())


@torch.inference_mode()
def activations(model: Any, rows: np.ndarray[Any, Any]) -> torch.Tensor:
    """Give absolute activations after every layer but the last, shape ``(layers - 1, tokens, width)``.

    What comes after the last layer has gone through a norm.
    """
    ids = torch.tensor(rows.astype(np.int64))
    found: list[torch.Tensor] = []
    layers = model.eval().base_model.layers[:-1]
    hooks = [
        layer.register_forward_hook(lambda _layer, _inputs, output: found.append(_states(output))) for layer in layers
    ]
    model(input_ids=ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    return torch.stack(found).abs().flatten(1, 2)


def held(_layer: Any, _inputs: Any, output: Any, *, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Change what a layer gives on; a forward hook."""
    states = change(_states(output))
    return (states, *output[1:]) if isinstance(output, tuple) else states


def _states(output: Any) -> torch.Tensor:
    states: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return states


def _emptied(states: torch.Tensor, *, dimensions: list[int]) -> torch.Tensor:
    emptied = states.clone()
    emptied[..., dimensions] = 0.0
    return emptied
