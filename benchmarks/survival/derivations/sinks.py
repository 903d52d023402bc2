"""Streaming inference: every token sees the first four and a sliding window of the last ones, and nothing between.

Xiao et al., "Efficient Streaming Language Models with Attention Sinks" (arXiv 2309.17453). Theirs also counts positions
inside the window anew; here the sinks keep their true distance, which matters only beyond the context that a model was
trained on, and no text here is longer. The model is served as it runs: it is a mask, and nothing that could be saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from survival.serving import Running

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "attention sinks", "tokens in the window", (8.0, 16.0, 32.0)
SINKS = 4


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Serve with a window."""

    def narrow(_model: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        length = (args[0] if args else kwargs["input_ids"]).shape[1]
        return args, {**kwargs, "attention_mask": mask(length, int(dose)), "use_cache": False}

    model.base_model.register_forward_pre_hook(narrow, with_kwargs=True)
    return Running(model=model.eval(), settings={"sinks": SINKS, "window": int(dose), "weights": _told(model)})


def mask(length: int, window: int) -> torch.Tensor:
    """Give what is added to attention: 0 where a token may look and almost minus infinity where not.

    Shape ``(1, 1, length, length)``, rows look at columns.
    """
    row, column = torch.arange(length)[:, None], torch.arange(length)[None, :]
    visible = (column <= row) & ((row - column < window) | (column < SINKS))
    return torch.zeros(length, length).masked_fill(~visible, torch.finfo(torch.float32).min)[None, None]


def _told(model: Any) -> list[float]:
    """Tell one model from another, for the record."""
    return [float(weight.detach().double().sum()) for weight in model.parameters()]
